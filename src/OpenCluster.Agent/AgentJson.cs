using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using OpenCluster.Agent.Instances;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent;

/// <summary>JSON of the agent's own files and its local socket.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AgentOptions))]
[JsonSerializable(typeof(InstanceRecord))]
[JsonSerializable(typeof(Assignment))]
[JsonSerializable(typeof(ImmutableSortedDictionary<string, uint>), TypeInfoPropertyName = "UserMap")]
[JsonSerializable(typeof(LocalApi.LocalRequest))]
[JsonSerializable(typeof(LocalApi.LocalAnswer))]
internal sealed partial class AgentJson : JsonSerializerContext;
