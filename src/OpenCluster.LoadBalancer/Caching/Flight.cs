namespace OpenCluster.LoadBalancer.Caching;

/// <summary>One fetch that many requests wait for.</summary>
internal sealed class Flight(CacheStore store, string key)
{
    /// <summary>Requests that may wait for one fetch; the others go to a target themselves.</summary>
    private const int MostWaiting = 1000;

    private readonly TaskCompletionSource _landed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;

    public string Key { get; } = key;

    public bool TryJoin() => Interlocked.Increment(ref _waiting) <= MostWaiting;

    /// <summary>Completes when the fetch is over, whatever came of it: look again.</summary>
    public Task Landed => _landed.Task;

    public void Land()
    {
        store.Forget(this);
        _landed.TrySetResult();
    }
}
