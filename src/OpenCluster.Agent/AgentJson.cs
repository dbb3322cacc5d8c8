using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OpenCluster.Agent.Instances;
using OpenCluster.Model;

namespace OpenCluster.Agent;

/// <summary>JSON of the agent's own files and its local socket.</summary>
/// <remarks>Missing fields keep their defaults, see <see cref="JsonDefaults"/>.</remarks>
internal sealed class AgentJson(JsonSerializerOptions options) : AgentJsonTypes(options), IJsonTypeInfoResolver
{
    public static new AgentJson Default { get; } = new(new JsonSerializerOptions(AgentJsonTypes.Default.Options));

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => JsonDefaults.Keep(AgentJsonTypes.Default, type, options);
}

/// <summary>What the compiler generates for <see cref="AgentJson"/>.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AgentOptions))]
[JsonSerializable(typeof(InstanceRecord))]
[JsonSerializable(typeof(ImmutableSortedDictionary<string, uint>), TypeInfoPropertyName = "UserMap")]
[JsonSerializable(typeof(Decisions.Sets.Voter))]
[JsonSerializable(typeof(Decisions.Sets.Copy))]
[JsonSerializable(typeof(Sets.CopyLife))]
[JsonSerializable(typeof(Sets.Votes.VoteAsk))]
[JsonSerializable(typeof(Sets.Votes.VoteAnswer))]
[JsonSerializable(typeof(LocalApi.LocalRequest))]
[JsonSerializable(typeof(LocalApi.LocalAnswer))]
internal partial class AgentJsonTypes : JsonSerializerContext;
