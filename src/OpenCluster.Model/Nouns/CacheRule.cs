namespace OpenCluster.Model.Nouns;

/// <summary>Keeps answers in the balancer's memory and serves them again, as RFC 9111 says for a shared cache.</summary>
public sealed record CacheRule
{
    /// <summary>Memory for the route's answers; the ones used longest ago go first. Default 64 MiB.</summary>
    public long SizeBytes { get; init; } = 64L << 20;
    /// <summary>Larger answers are not kept. Default 1 MiB.</summary>
    public long LargestBytes { get; init; } = 1L << 20;
    /// <summary>How long answers are fresh that do not say so themselves. Default zero: they are not kept.</summary>
    public TimeSpan FreshFor { get; init; }
    /// <summary>How long an answer may be served stale while a new one is fetched, unless it says so itself (RFC 5861). Default zero.</summary>
    public TimeSpan StaleWhileRevalidate { get; init; }
    /// <summary>How long an answer may be served stale when fetching a new one fails, unless it says so itself (RFC 5861). Default zero.</summary>
    public TimeSpan StaleIfError { get; init; }
}
