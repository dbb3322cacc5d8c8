namespace OpenCluster.LoadBalancer.Caching;

/// <summary>How a request met the cache.</summary>
internal enum CacheOutcome
{
    /// <summary>Served from memory, fresh.</summary>
    Hit,
    /// <summary>Served from memory though no longer fresh.</summary>
    Stale,
    /// <summary>Not there: fetched.</summary>
    Miss,
    /// <summary>There, and its target said that it still holds.</summary>
    Revalidated,
    /// <summary>Waited for the fetch of another.</summary>
    Collapsed,
    /// <summary>Not a request for a cache.</summary>
    Bypass,
}

/// <summary>Counts of one route's cache since the process started.</summary>
internal sealed class CacheCounters
{
    private readonly long[] _outcomes = new long[Enum.GetValues<CacheOutcome>().Length];
    private long _evicted;

    public long Evictions => Interlocked.Read(ref _evicted);

    public long Of(CacheOutcome outcome) => Interlocked.Read(ref _outcomes[(int)outcome]);

    public void Count(CacheOutcome outcome) => Interlocked.Increment(ref _outcomes[(int)outcome]);

    public void Evicted() => Interlocked.Increment(ref _evicted);
}
