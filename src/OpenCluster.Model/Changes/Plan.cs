using System.Collections.Immutable;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Rules;

namespace OpenCluster.Model.Changes;

/// <summary>What becomes of a change that someone made elsewhere since the file was last applied.</summary>
public enum DriftOutcome
{
    /// <summary>The file says nothing new about it, so it stays.</summary>
    Kept,
    /// <summary>The file (or the owner) says otherwise now, so it is undone.</summary>
    Overwritten,
}

/// <summary>Something the file declared that was changed elsewhere since it was last applied.</summary>
/// <param name="Field">In the words of the file; empty for the object as a whole.</param>
/// <param name="Applied">What the file said when it was last applied; null: not there.</param>
/// <param name="Current">What there is now.</param>
/// <param name="Proposed">What the file says now.</param>
public sealed record Drift(ObjectKind Of, string Name, string Field, string? Applied, string? Current, string? Proposed, DriftOutcome Outcome);

/// <summary>What will happen to something that runs: an instance, a load-balancer's process.</summary>
/// <param name="Subject"><c>api-3</c>, or <c>api (new)</c>.</param>
/// <param name="Server">Name of the server where it happens.</param>
/// <param name="What">A verb: "starts", "stops", "is replaced".</param>
/// <param name="Why">A clause: "service api has 3 instances instead of 2".</param>
public sealed record Move(string Subject, string Server, string What, string Why);

/// <summary>What applying a file would do.</summary>
public sealed record Plan
{
    /// <summary>The objects as they would be, changes made elsewhere and objects the file never declared included.</summary>
    public required Cluster After { get; init; }
    /// <summary>The file's own objects with their ids: to be kept as "last applied" for the next time.</summary>
    public required Cluster Declared { get; init; }
    public ImmutableArray<ClusterChange> Changes { get; init; } = [];
    public ImmutableArray<Drift> Drift { get; init; } = [];
    /// <summary>Filled in by whoever knows what runs where.</summary>
    public ImmutableArray<Move> Moves { get; init; } = [];
    /// <summary>Why it cannot be applied: the file is right by itself, and does not go together with what was changed elsewhere. Empty otherwise.</summary>
    public ImmutableArray<Finding> Problems { get; init; } = [];

    /// <summary>True when applying would change nothing.</summary>
    public bool IsEmpty => Changes.IsEmpty && Moves.IsEmpty;
}

/// <summary>Makes plans.</summary>
public static class Planning
{
    /// <param name="read">What the file says: ids empty.</param>
    /// <param name="current">What the controller holds.</param>
    /// <param name="applied">What the file declared when it was last applied; null the first time.</param>
    /// <param name="newId">Gives an id that was never used before, with the kind's prefix; or an empty one, where ids are given later.</param>
    /// <param name="takeFile">The owner wants what the file says even where the file did not change and someone else did.</param>
    public static Plan Make(Cluster read, Cluster current, Cluster? applied, Func<ObjectKind, string> newId, bool takeFile = false)
    {
        var declared = Identity.Assign(read, current, applied, newId);
        var (after, drift) = ThreeWay.Merge(applied, current, declared, takeFile);
        return new Plan
        {
            After = after,
            Declared = declared,
            Changes = Differences.Between(current, after),
            Drift = drift,
            Problems = [.. ClusterRules.Check(after)],
        };
    }
}
