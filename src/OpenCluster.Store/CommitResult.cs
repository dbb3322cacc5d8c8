namespace OpenCluster.Store;

/// <summary>How a transaction ended.</summary>
public abstract record CommitResult
{
    private CommitResult()
    {
    }

    /// <summary>
    /// Everything was changed, durably, at <paramref name="Revision"/>. A transaction that changed nothing
    /// (no writes, or deletes of what was not there) takes no revision of its own and answers with the store's.
    /// </summary>
    public sealed record Committed(long Revision) : CommitResult;

    /// <summary>Nothing was changed: these conditions did not hold.</summary>
    public sealed record Refused(IReadOnlyList<FailedCondition> Failed) : CommitResult;

    /// <summary>Nothing was changed: a put named a lease that has ended. Grant another one.</summary>
    public sealed record LeaseEnded : CommitResult;
}

/// <summary>A condition that did not hold.</summary>
/// <param name="Condition">As it was given.</param>
/// <param name="ModRevision">What the key's revision was instead; 0 when the key did not exist.</param>
public sealed record FailedCondition(Condition Condition, long ModRevision);
