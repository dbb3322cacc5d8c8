namespace OpenCluster.Store.Etcd;

/// <summary>
/// The store of a cluster with several controllers: etcd (3.4 or later) over its HTTP/JSON gateway. How long watches can look
/// back is etcd's auto-compaction setting.
/// </summary>
public sealed class EtcdStore : IStore
{
    /// <summary>Documents per page of a read; bounds the size of one answer.</summary>
    private const int PageSize = 256;

    /// <summary>How often a read of many pages starts again because the revision it reads at was compacted meanwhile.</summary>
    private const int MaxReads = 3;

    private readonly EtcdGateway gateway;
    private readonly EtcdKeys keys;
    private readonly EtcdWatch watch;

    private EtcdStore(EtcdGateway gateway, EtcdKeys keys, EtcdWatch watch, Generation generation)
    {
        this.gateway = gateway;
        this.keys = keys;
        this.watch = watch;
        Generation = generation;
    }

    public Generation Generation { get; }

    /// <summary>Connects, and finds or begins the generation.</summary>
    /// <exception cref="StoreUnavailableException">etcd cannot be reached or does not let us in.</exception>
    public static async Task<EtcdStore> OpenAsync(EtcdOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var connected = new EtcdGateway(options);
        try
        {
            var named = new EtcdKeys(options.Namespace);
            var settled = await EtcdGeneration.SettleAsync(connected, named, options.Time, cancellationToken);
            return new EtcdStore(connected, named, new EtcdWatch(connected, named, options), settled);
        }
        catch
        {
            connected.Dispose();
            throw;
        }
    }

    public async ValueTask<DocumentSet> ReadAsync(string prefix, CancellationToken cancellationToken)
    {
        StoreLimits.CheckPrefix(prefix);
        for (var read = 1; ; read++)
        {
            var (documents, error) = await ReadPagesAsync(keys.Of(prefix), cancellationToken);
            if (documents is not null)
                return documents;
            if (error is not { Compacted: true } || read == MaxReads)
                throw Refused(error);
        }
    }

    public async ValueTask<Document?> GetAsync(string key, CancellationToken cancellationToken)
    {
        StoreLimits.CheckKey(key);
        var (range, error) = await RangeAsync(new RangeRequest(keys.Of(key)), cancellationToken);
        if (range is null)
            throw Refused(error);
        return range.Kvs is [var found, ..] ? keys.DocumentOf(found) : null;
    }

    public async ValueTask<CommitResult> CommitAsync(Transaction transaction, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        var request = EtcdTransaction.ToRequest(transaction, keys);
        var (response, error) = await gateway.CallAsync(
            "/v3/kv/txn", request, EtcdJson.Default.TxnRequest, EtcdJson.Default.TxnResponse, Repeat.Unsafe, cancellationToken);
        if (response is not null)
            return EtcdTransaction.ToResult(transaction, response);
        return error is { LeaseNotFound: true } ? new CommitResult.LeaseEnded() : throw Refused(error);
    }

    public IAsyncEnumerable<ChangeBatch> WatchAsync(string prefix, long afterRevision, CancellationToken cancellationToken)
    {
        StoreLimits.CheckPrefix(prefix);
        ArgumentOutOfRangeException.ThrowIfNegative(afterRevision);
        return watch.RunAsync(prefix, afterRevision, cancellationToken);
    }

    public async ValueTask<Lease> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        var seconds = (long)StoreLimits.RoundTimeToLive(timeToLive).TotalSeconds;
        // Granted twice, the one that nobody knows of ends by itself.
        var (lease, error) = await gateway.CallAsync(
            "/v3/lease/grant", new LeaseGrantRequest(seconds), EtcdJson.Default.LeaseGrantRequest, EtcdJson.Default.LeaseGrantResponse, Repeat.Safe, cancellationToken);
        return lease is not null ? new Lease(new LeaseId(lease.Id), TimeSpan.FromSeconds(lease.TimeToLive)) : throw Refused(error);
    }

    public async ValueTask<bool> KeepLeaseAliveAsync(LeaseId lease, CancellationToken cancellationToken)
    {
        var (answer, error) = await gateway.CallAsync(
            "/v3/lease/keepalive", new LeaseRequest(lease.Value), EtcdJson.Default.LeaseRequest, EtcdJson.Default.LeaseKeepAliveAnswer, Repeat.Safe, cancellationToken);
        if (answer?.Result is null)
            throw answer?.Error is { } streamed ? new StoreUnavailableException($"etcd: {streamed.Message}", outcomeUnknown: true) : Refused(error);
        return answer.Result.TimeToLive > 0;
    }

    public async ValueTask<bool> RevokeLeaseAsync(LeaseId lease, CancellationToken cancellationToken)
    {
        var (answer, error) = await gateway.CallAsync(
            "/v3/lease/revoke", new LeaseRequest(lease.Value), EtcdJson.Default.LeaseRequest, EtcdJson.Default.LeaseRevokeResponse, Repeat.Safe, cancellationToken);
        if (answer is not null)
            return true;
        return error is { LeaseNotFound: true } ? false : throw Refused(error);
    }

    public ValueTask DisposeAsync()
    {
        gateway.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>An answer of etcd that no right use of it gives.</summary>
    internal static StoreUnavailableException Refused(EtcdError? error) =>
        new($"etcd refused: {error?.Advice ?? "an empty answer"}", outcomeUnknown: false);

    /// <summary>All pages, at the revision of the first.</summary>
    private async Task<(DocumentSet? Documents, EtcdError? Error)> ReadPagesAsync(byte[] start, CancellationToken cancellationToken)
    {
        var end = EtcdKeys.EndOf(start);
        var found = new List<Document>();
        long? revision = null;
        while (true)
        {
            var (page, error) = await RangeAsync(new RangeRequest(start, end, PageSize, revision), cancellationToken);
            if (page is null)
                return (null, error);
            revision ??= page.Header?.Revision ?? 0;
            found.AddRange((page.Kvs ?? []).Select(keys.DocumentOf));
            if (!page.More)
                return (new DocumentSet(revision.Value, found), null);
            // The next possible key: the last one and a zero byte.
            start = [.. page.Kvs![^1].Key, 0];
        }
    }

    private Task<(RangeResponse? Answer, EtcdError? Error)> RangeAsync(RangeRequest request, CancellationToken cancellationToken) =>
        gateway.CallAsync("/v3/kv/range", request, EtcdJson.Default.RangeRequest, EtcdJson.Default.RangeResponse, Repeat.Safe, cancellationToken);
}
