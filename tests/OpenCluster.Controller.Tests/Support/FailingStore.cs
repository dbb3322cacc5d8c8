using OpenCluster.Store;

namespace OpenCluster.Controller.Tests.Support;

/// <summary>A real store that stops taking commits when told to.</summary>
internal sealed class FailingStore(IStore store) : IStore
{
    /// <summary>Commits still taken.</summary>
    public int FailAfter { get; set; } = int.MaxValue;

    public Generation Generation => store.Generation;

    public ValueTask<CommitResult> CommitAsync(Transaction transaction, CancellationToken cancellationToken) =>
        FailAfter-- > 0 ? store.CommitAsync(transaction, cancellationToken) : throw new StoreUnavailableException("The test says so.", outcomeUnknown: false);

    public ValueTask<DocumentSet> ReadAsync(string prefix, CancellationToken cancellationToken) => store.ReadAsync(prefix, cancellationToken);

    public ValueTask<Document?> GetAsync(string key, CancellationToken cancellationToken) => store.GetAsync(key, cancellationToken);

    public IAsyncEnumerable<ChangeBatch> WatchAsync(string prefix, long afterRevision, CancellationToken cancellationToken) =>
        store.WatchAsync(prefix, afterRevision, cancellationToken);

    public ValueTask<Lease> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken) => store.GrantLeaseAsync(timeToLive, cancellationToken);

    public ValueTask<bool> KeepLeaseAliveAsync(LeaseId lease, CancellationToken cancellationToken) => store.KeepLeaseAliveAsync(lease, cancellationToken);

    public ValueTask<bool> RevokeLeaseAsync(LeaseId lease, CancellationToken cancellationToken) => store.RevokeLeaseAsync(lease, cancellationToken);

    public ValueTask DisposeAsync() => store.DisposeAsync();
}
