namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>
/// Keeps retries a share of requests, so that a route in trouble is not given twice its load. Every request earns a share of a retry, every
/// retry spends a whole one; what is earned is kept up to <see cref="Most"/>, which is also what a route starts with, because the death of
/// a target fails all that was in flight on it at once.
/// </summary>
internal sealed class RetryBudget
{
    /// <summary>Retries that may come at once.</summary>
    private const int Most = 200;

    // Thousandths of a retry, in one number that is changed by compare-and-swap.
    private long _left = Most * 1000;

    /// <summary>Retries per request, 0 to 1.</summary>
    public double Share { get; set; } = 0.2;

    public void Earn()
    {
        // Full nearly always: then a request only reads.
        if (Interlocked.Read(ref _left) < Most * 1000) Interlocked.Add(ref _left, (long)(Share * 1000));
    }

    public bool TrySpend()
    {
        if (Share <= 0) return false;
        if (Interlocked.Add(ref _left, -1000) >= 0) return true;
        Interlocked.Add(ref _left, 1000);
        return false;
    }
}
