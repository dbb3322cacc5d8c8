using System.Collections.Immutable;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>What can happen to a cluster, as the controller hears of it.</summary>
public abstract record ClusterEvent
{
    private ClusterEvent() { }

    /// <summary>The owner's objects are now these (names resolved, per-zone values filled in; ids empty where new). <paramref name="Text"/> is kept in the history.</summary>
    public sealed record Applied(Cluster Cluster, string Text, string By, string Why) : ClusterEvent;

    /// <summary>Someone changed objects otherwise than by a file (scaled a service): no version of the file is kept for it.</summary>
    public sealed record Changed(Cluster Cluster, string By, string Why) : ClusterEvent;

    /// <summary>An agent reported.</summary>
    public sealed record ServerReported(ServerReport Report) : ClusterEvent;

    /// <summary>An agent reported what nobody can take in: it lives, and nothing else is known.</summary>
    public sealed record ServerHeard(string ServerId) : ClusterEvent;

    /// <summary>A load-balancer reported.</summary>
    public sealed record BalancerReported(BalancerReport Report) : ClusterEvent;

    /// <summary>
    /// Somebody wants the newest (or a given) version of a service in a zone (null: every zone it goes to). Asking twice for what already runs changes nothing.
    /// <paramref name="Commit"/> null means the head of <paramref name="Branch"/>, or of the zone's own branch.
    /// </summary>
    public sealed record DeployAsked(string ServiceId, string? Zone, string? Branch, string? Commit, string? SourceDigest, string By, string Why) : ClusterEvent;

    /// <summary>A branch was pushed (webhook or poll); deploys into every zone that follows it. Null branch: look at all of them.</summary>
    public sealed record Pushed(string ServiceId, string? Branch, string By) : ClusterEvent;

    /// <summary>Answer to <see cref="ClusterEffect.ResolveCommit"/>.</summary>
    public sealed record CommitResolved(string DeploymentId, string Commit, string Message) : ClusterEvent;

    /// <summary>The other answer to <see cref="ClusterEffect.ResolveCommit"/>.</summary>
    public sealed record CommitNotResolved(string DeploymentId, Failure Failure) : ClusterEvent;

    /// <summary>Go back to an earlier release of a service in a zone (null number: the one before).</summary>
    public sealed record RollBackAsked(string ServiceId, string Zone, int? ToNumber, string By, string Why) : ClusterEvent;

    /// <summary>Automatic acts off or on again: for everything, one service or one server ("", "service/ID", "server/ID").</summary>
    public sealed record PauseChanged(string Scope, bool Paused, string By, string Why) : ClusterEvent;

    /// <summary>Somebody wants cached answers thrown out: of a route's name ("": all), below a path, with a tag; see <see cref="CachePurge"/>.</summary>
    public sealed record CachePurgeAsked(string Route, string Path, string Tag, string By, string Why) : ClusterEvent;

    /// <summary>A person takes the load off a server, for its maintenance or not; null: it is to carry load again.</summary>
    public sealed record RespiteChanged(string ServerId, bool? Maintenance, string By, string Why) : ClusterEvent;

    /// <summary>
    /// A secret has a new value, or none any more: the newest is number <paramref name="Newest"/>, kept are those from <paramref name="Oldest"/> on
    /// (beyond the newest: none). The values themselves are the shell's and never come here.
    /// </summary>
    public sealed record SecretChanged(string SecretId, int Newest, int Oldest, string By, string Why) : ClusterEvent;

    /// <summary>An agent said something about replicated sets.</summary>
    public sealed record SetsSaid(string ServerId, ImmutableArray<SetWord> Words) : ClusterEvent;

    /// <summary>Somebody wants a space's primary on another server (null: on whichever is most in step).</summary>
    public sealed record PrimaryMoveAsked(string SetId, string? ServerId, string By, string Why) : ClusterEvent;

    /// <summary>A person makes a copy primary where machines must not: what other copies hold beyond it is lost.</summary>
    public sealed record PrimaryForced(string SetId, string ServerId, string By, string Why) : ClusterEvent;

    /// <summary>Time went on. Sent when <see cref="Conductor.Wake"/> is due, and harmless at any other time.</summary>
    public sealed record TimePassed : ClusterEvent;
}
