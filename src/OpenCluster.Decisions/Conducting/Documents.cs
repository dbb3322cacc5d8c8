using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OpenCluster.Decisions.RollOuts;
using OpenCluster.Model;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Conducting;

/// <summary>What the owner declared, without the objects themselves; they stand beside it, one document per kind.</summary>
public sealed record ClusterHead(string Name, ClusterSettings Settings);

/// <summary>The little of a server's reports that must outlive the controller: where it is, and what listens there.</summary>
public sealed record SeenServer
{
    public required string ServerId { get; init; }
    public required string BootId { get; init; }
    public DateTimeOffset AgentStarted { get; init; }
    public required string Address { get; init; }
    public int LowPortOffset { get; init; }
    /// <summary>Where its agent answers other agents; 0 for nowhere.</summary>
    public int VotePort { get; init; }
    /// <summary>Instances that listen, oldest first. Kept while the server is silent: the load-balancers' own checks decide then.</summary>
    public ImmutableArray<Listening> Listening { get; init; } = [];
}

/// <summary>Where a balancer said its peers reach it: must outlive the controller, or a restart of it would part the balancers.</summary>
public sealed record SeenPeer(string Balancer, PeerAddress At);

/// <summary>Where an instance listens.</summary>
public sealed record Listening(string InstanceId, string Address, ImmutableSortedDictionary<string, int> Ports);

/// <summary>Automatic acts switched off.</summary>
/// <param name="Scope">"" for everything, <c>service/ID</c> or <c>server/ID</c>.</param>
public sealed record Pause(string Scope, DateTimeOffset Since, string By, string Why);

/// <summary>An applied file, as <c>file/N</c> keeps it. The conductor itself holds it without the text.</summary>
public sealed record AppliedFile(int Number, DateTimeOffset At, string By, string Why, string Text)
{
    /// <summary>From a document's bytes.</summary>
    public static AppliedFile Read(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, DocumentsJson.Default.AppliedFile) ?? throw new JsonException("A file document is null.");
}

/// <summary>A deployment that an apply called for and that is still to be made; an apply is one transaction however many these are.</summary>
/// <param name="Secrets">Only because its secrets have new values.</param>
public sealed record DueDeployment(string ServiceId, string Zone, string By, string Why, bool Secrets = false);

/// <summary>A person takes the load off a server: nothing new comes there, and what can run elsewhere moves.</summary>
/// <param name="Maintenance">It will be away: its load-balancers stop too, and that it goes and boots is no trouble.</param>
public sealed record Respite(string ServerId, bool Maintenance, DateTimeOffset Since, string By, string Why);

/// <summary>Which values of a secret there are, by number; the numbers never come again, so that nobody takes an old value for a new one.</summary>
/// <param name="Oldest">The oldest kept; beyond <paramref name="Newest"/> when there is none.</param>
public sealed record SecretVersions(string SecretId, int Newest, int Oldest)
{
    public bool HasValue => Newest >= Oldest;
}

/// <summary>A number that only grows.</summary>
public sealed record Counter(long Last);

/// <summary>Keys of the documents. Declared objects are grouped by kind, so that an apply is one transaction of a dozen keys.</summary>
public static class Keys
{
    public const string Objects = "objects/";
    public const string Due = "due/deployments";
    public const string Leaving = "leaving/servers";
    public const string Release = "release/";
    public const string Instance = "instance/";
    public const string Deployment = "deployment/";
    public const string Pause = "pause/";
    public const string Seen = "seen/";
    public const string Peer = "peer/";
    public const string Purge = "purge/";
    public const string Respite = "respite/";
    public const string Secret = "secret/";
    public const string Set = "set/";
    public const string Counter = "counter/";
    public const string File = "file/";
}

/// <summary>JSON of the conductor's documents: camelCase, enums by name, nulls left out.</summary>
/// <remarks>Missing fields keep their defaults, see <see cref="JsonDefaults"/>.</remarks>
internal sealed class DocumentsJson(JsonSerializerOptions options) : DocumentsJsonTypes(options), IJsonTypeInfoResolver
{
    public static new DocumentsJson Default { get; } = new(new JsonSerializerOptions(DocumentsJsonTypes.Default.Options));

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => JsonDefaults.Keep(DocumentsJsonTypes.Default, type, options);
}

/// <summary>What the compiler generates for <see cref="DocumentsJson"/>.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ClusterHead))]
[JsonSerializable(typeof(Sets.ReplicatedSet))]
[JsonSerializable(typeof(ImmutableArray<DueDeployment>))]
[JsonSerializable(typeof(Deployment))]
[JsonSerializable(typeof(Pause))]
[JsonSerializable(typeof(SeenServer))]
[JsonSerializable(typeof(SeenPeer))]
[JsonSerializable(typeof(Respite))]
[JsonSerializable(typeof(SecretVersions))]
[JsonSerializable(typeof(Counter))]
[JsonSerializable(typeof(AppliedFile))]
internal partial class DocumentsJsonTypes : JsonSerializerContext;
