using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenCluster.Controller.Access;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Bootstrap))]
[JsonSerializable(typeof(TokenDocument))]
internal sealed partial class AccessJson : JsonSerializerContext;
