using System.Collections.Immutable;
using System.Text.Json.Serialization;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.RollOuts;

/// <summary>Resolving → Building → Rolling ⇄ Watching → Done; or RollingBack → RolledBack; or Failed. The last three are ends.</summary>
public enum DeploymentPhase
{
    /// <summary>The remote is asked which commit is meant.</summary>
    Resolving,
    Building,
    /// <summary>A batch of new instances starts, or replaced ones drain.</summary>
    Rolling,
    /// <summary>The batch is good and under traffic; it must stay good for a while.</summary>
    Watching,
    RollingBack,
    Done,
    RolledBack,
    Failed,
}

/// <summary>A new instance under watch.</summary>
/// <param name="ReadyRestarts">How often it had restarted when it was first ready: one more is a death. Null until it was ready.</param>
public sealed record BatchMember(string InstanceId, int? ReadyRestarts = null);

/// <summary>One attempt to bring a release of a service into a zone. It always ends, and says how.</summary>
public sealed record Deployment
{
    /// <summary><c>api-default-3</c>: service and zone as they were called, and a number that only grows.</summary>
    public required string Id { get; init; }
    public required string ServiceId { get; init; }
    /// <summary>Id of the zone.</summary>
    public required string Zone { get; init; }
    /// <summary>Orders the deployments of one service in one zone.</summary>
    public required int Number { get; init; }
    public DeploymentPhase Phase { get; init; }
    /// <summary>When it came into this phase.</summary>
    public DateTimeOffset Since { get; init; }
    public DateTimeOffset Created { get; init; }
    public DateTimeOffset? Ended { get; init; }
    public string By { get; init; } = "";
    public string Why { get; init; } = "";
    public string? Branch { get; init; }
    /// <summary>As asked for, then as resolved.</summary>
    public string? Commit { get; init; }
    public string? SourceDigest { get; init; }
    /// <summary>Caused by a push: one that changes nothing is forgotten instead of kept in the history.</summary>
    public bool Pushed { get; init; }
    /// <summary>Goes back to an earlier release because somebody said so; nothing is built.</summary>
    public bool Backwards { get; init; }
    /// <summary>What it asked for was there, or on its way, already: it brought nothing, and says nothing about what should run.</summary>
    public bool NothingToDo { get; init; }
    /// <summary>The release it brings; null until the commit is known.</summary>
    public string? ReleaseId { get; init; }
    /// <summary>What ran before, and what a roll-back returns to; null for the first.</summary>
    public string? PreviousReleaseId { get; init; }
    /// <summary>Servers that were given the build and died with it.</summary>
    public ImmutableArray<string> LostBuilders { get; init; } = [];
    /// <summary>When the present builder was given the build.</summary>
    public DateTimeOffset? BuildSince { get; init; }
    /// <summary>When the first instance was ordered; the time limit counts from here.</summary>
    public DateTimeOffset? RollSince { get; init; }
    /// <summary>Instances started last; those they replace still run.</summary>
    public ImmutableArray<BatchMember> Batch { get; init; } = [];
    /// <summary>When the whole batch was ready; the wait for load-balancers counts from here.</summary>
    public DateTimeOffset? ReadySince { get; init; }
    /// <summary>Why it failed or was rolled back.</summary>
    public Failure? Failure { get; init; }
    /// <summary>Something worth knowing about a good end: that nothing was to be done, that fewer fit than wanted.</summary>
    public string? Remark { get; init; }

    [JsonIgnore]
    public bool Active => Phase is not (DeploymentPhase.Done or DeploymentPhase.RolledBack or DeploymentPhase.Failed);

    /// <summary>Instances are being replaced: the roll-out decides about them, not placement.</summary>
    [JsonIgnore]
    public bool Replacing => Phase is DeploymentPhase.Rolling or DeploymentPhase.Watching or DeploymentPhase.RollingBack;

    public Deployment To(DeploymentPhase phase, DateTimeOffset now) => this with { Phase = phase, Since = now };

    public Deployment EndedAs(DeploymentPhase phase, DateTimeOffset now) => this with { Phase = phase, Since = now, Ended = now, Batch = [], ReadySince = null };

    public Deployment FailedWith(Failure failure, DateTimeOffset now) => EndedAs(DeploymentPhase.Failed, now) with { Failure = failure };
}
