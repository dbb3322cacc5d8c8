using System.Collections.Immutable;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>What the controller's shell must do after persisting. Each may be repeated.</summary>
public abstract record ClusterEffect
{
    private ClusterEffect() { }

    /// <summary>Ask the remote which commit a branch (or a commit's own name) is; answer with CommitResolved or CommitNotResolved.</summary>
    public sealed record ResolveCommit(string DeploymentId, string Git, string? Branch, string? Commit) : ClusterEffect;

    /// <summary>This server's assignment may have changed: work it out from the documents and tell its agent if it did.</summary>
    public sealed record TellAgent(string ServerId) : ClusterEffect;

    /// <summary>Snapshots of load-balancers may have changed: work them out and tell those whose did.</summary>
    public sealed record TellBalancers : ClusterEffect;

    /// <summary>Say this to a server's agent about a replicated set, if it is connected. Nobody waits: what was not heard is said again.</summary>
    public sealed record OrderSet(string ServerId, SetOrder Order) : ClusterEffect;

    /// <summary>Something a person may want to know; goes to the event stream and the log.</summary>
    public sealed record Tell(Note Note) : ClusterEffect;
}

public enum Weight { Info, Good, Warning, Trouble }

/// <summary>One line of the cluster's story: who or what it is about, and what happened, in a sentence.</summary>
/// <param name="Subject"><c>service/api</c>, <c>server/web1</c>, <c>deployment/api-default-3</c>.</param>
public sealed record Note(DateTimeOffset At, Weight Weight, string Subject, string Text)
{
    /// <summary>Log lines that show it; at most 30.</summary>
    public ImmutableArray<string> Evidence { get; init; } = [];
}

/// <summary>A document to write (or delete, when <paramref name="Json"/> is null).</summary>
public readonly record struct DocumentWrite(string Key, ReadOnlyMemory<byte>? Json);

/// <summary>
/// Answer of the conductor to one event: documents that must be committed, in one transaction (never more than
/// <see cref="MaxDocuments"/>), before the effects are carried out in order.
/// </summary>
public readonly record struct Outcome(ImmutableArray<DocumentWrite> Persist, ImmutableArray<ClusterEffect> Effects)
{
    private readonly ImmutableArray<string> _deployments;
    private readonly ImmutableArray<ServiceZone> _understood;

    /// <summary>
    /// Larger acts are done in several goes: the conductor asks to be woken at once for the next. An apply is one go, because
    /// declared objects are grouped into one document per kind.
    /// </summary>
    public const int MaxDocuments = 128;

    public static Outcome Nothing { get; } = new([], []);

    /// <summary>Why the event was refused; nothing was changed then. Null when it was not.</summary>
    public Failure? Refused { get; init; }

    /// <summary>Deployments that answer the event: newly made, or already under way for the same thing.</summary>
    public ImmutableArray<string> Deployments
    {
        get => _deployments.IsDefault ? [] : _deployments;
        init => _deployments = value;
    }

    /// <summary>Places that had been left out (<see cref="Conductor.LeaveOut"/>) and could be decided about now.</summary>
    public ImmutableArray<ServiceZone> Understood
    {
        get => _understood.IsDefault ? [] : _understood;
        init => _understood = value;
    }
}
