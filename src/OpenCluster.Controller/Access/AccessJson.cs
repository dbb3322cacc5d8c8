using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OpenCluster.Model;

namespace OpenCluster.Controller.Access;

/// <summary>JSON of these documents; what is missing keeps its default.</summary>
/// <remarks>Missing fields keep their defaults, see <see cref="JsonDefaults"/>.</remarks>
internal sealed class AccessJson(JsonSerializerOptions options) : AccessJsonTypes(options), IJsonTypeInfoResolver
{
    public static new AccessJson Default { get; } = new(new JsonSerializerOptions(AccessJsonTypes.Default.Options));

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => JsonDefaults.Keep(AccessJsonTypes.Default, type, options);
}

/// <summary>What the compiler generates for <see cref="AccessJson"/>.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Bootstrap))]
[JsonSerializable(typeof(TokenDocument))]
[JsonSerializable(typeof(People.UserDocument))]
[JsonSerializable(typeof(IdentityDocument))]
[JsonSerializable(typeof(JoinDocument))]
[JsonSerializable(typeof(Secrets.SecretDocument))]
internal partial class AccessJsonTypes : JsonSerializerContext;
