namespace OpenCluster.Store;

/// <summary>
/// Documents by key under one global revision. Everything the cluster must not forget goes through here.
/// Safe for concurrent use. Revisions only grow and may have gaps.
/// </summary>
/// <remarks>
/// Every method throws <see cref="StoreUnavailableException"/> when the store cannot be reached or cannot write,
/// and <see cref="ArgumentException"/> when a limit of <see cref="StoreLimits"/> is passed.
/// The usual life: <see cref="ReadAsync"/>, then <see cref="WatchAsync"/> from the revision that was read;
/// on <see cref="CompactedException"/> read again.
/// </remarks>
public interface IStore : IAsyncDisposable
{
    /// <summary>Changes when the store was restored or moved: revisions and epochs of an older generation mean nothing in this one.</summary>
    Generation Generation { get; }

    /// <summary>All documents whose key starts with <paramref name="prefix"/> (empty: all), as they were together at one revision.</summary>
    ValueTask<DocumentSet> ReadAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>The newest committed version of one document, or null when there is none.</summary>
    ValueTask<Document?> GetAsync(string key, CancellationToken cancellationToken);

    /// <summary>
    /// Applies all changes if all conditions hold, or nothing. A returned <see cref="CommitResult.Committed"/> is durable.
    /// Cancelling stops the waiting, not the transaction.
    /// </summary>
    ValueTask<CommitResult> CommitAsync(Transaction transaction, CancellationToken cancellationToken);

    /// <summary>
    /// The changes under <paramref name="prefix"/> committed after <paramref name="afterRevision"/> (not included), one batch
    /// per revision, in order, without gaps, for ever. Revisions that touch nothing under the prefix give no batch.
    /// </summary>
    /// <exception cref="CompactedException">
    /// The changes after that revision are no longer kept, or the reader was so slow that they went away before it came for them.
    /// </exception>
    IAsyncEnumerable<ChangeBatch> WatchAsync(string prefix, long afterRevision, CancellationToken cancellationToken);

    /// <summary>
    /// A new lease that ends <paramref name="timeToLive"/> after the last keep-alive. At least
    /// <see cref="StoreLimits.MinLeaseTimeToLive"/>; rounded up to whole seconds.
    /// </summary>
    ValueTask<Lease> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken);

    /// <summary>Gives the lease its whole time again. False when it has ended: its documents are gone, grant another.</summary>
    ValueTask<bool> KeepLeaseAliveAsync(LeaseId lease, CancellationToken cancellationToken);

    /// <summary>Ends the lease and deletes its documents in one revision. False when it had ended before.</summary>
    ValueTask<bool> RevokeLeaseAsync(LeaseId lease, CancellationToken cancellationToken);
}
