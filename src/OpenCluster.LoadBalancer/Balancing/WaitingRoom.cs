namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>Requests of one route that wait for a target, bounded in number and time.</summary>
internal sealed class WaitingRoom
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _door = NewDoor();
    private int _waiting;

    /// <summary>Requests that may wait at once.</summary>
    public int Capacity { get; set; } = 1000;

    public int Count => Volatile.Read(ref _waiting);

    /// <summary>True when a target may serve now, false when the time is over or the room is full.</summary>
    /// <param name="serves">Asked again once inside, so that a door opened just before is not missed.</param>
    public async Task<bool> WaitAsync(Func<bool> serves, TimeSpan limit, TimeProvider time, CancellationToken ct)
    {
        if (limit <= TimeSpan.Zero) return false;
        if (Interlocked.Increment(ref _waiting) > Capacity)
        {
            Interlocked.Decrement(ref _waiting);
            return false;
        }

        try
        {
            Task door;
            lock (_gate) door = _door.Task;
            if (serves()) return true;
            await door.WaitAsync(limit, time, ct).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Lets everybody in.</summary>
    public void Release()
    {
        if (Count == 0) return;
        TaskCompletionSource opened;
        lock (_gate)
        {
            opened = _door;
            _door = NewDoor();
        }
        opened.TrySetResult();
    }

    // Asynchronously: whoever opens the door holds a health check's loop, not the time to serve requests.
    private static TaskCompletionSource NewDoor() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
