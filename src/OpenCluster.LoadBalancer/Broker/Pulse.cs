namespace OpenCluster.LoadBalancer.Broker;

/// <summary>Wakes everybody who waits for something to change. Whoever takes the next beat before looking misses nothing.</summary>
internal sealed class Pulse
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Next => Volatile.Read(ref _next).Task;

    public void Beat() => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
