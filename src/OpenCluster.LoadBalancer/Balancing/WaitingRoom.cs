namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>
/// Requests of one route that wait for a target, bounded in number, bytes and time; who came first goes first. When targets come back they
/// are let out in batches that grow, not all at once: what has just come up would fall again under a thousand.
/// </summary>
internal sealed class WaitingRoom
{
    /// <summary>Bytes of bodies that wait, all routes' rooms each for itself.</summary>
    private const long MostBytes = 64L << 20;

    /// <summary>The first batch; each further one, a tick later, is twice as large.</summary>
    private const int FirstBatch = 16;

    private readonly Lock _gate = new();
    private readonly LinkedList<TaskCompletionSource> _queue = new();
    private long _bytes;
    private int _batch = FirstBatch;
    private int _count;

    /// <summary>Requests that may wait at once.</summary>
    public int Capacity { get; set; } = 1000;

    public int Count => Volatile.Read(ref _count);

    /// <summary>True when a target may serve now, false when the time is over or the room is full.</summary>
    /// <param name="serves">Asked again once inside, so that a door opened just before is not missed.</param>
    /// <param name="bytes">What the request holds in memory while it waits.</param>
    public async Task<bool> WaitAsync(Func<bool> serves, int bytes, TimeSpan limit, TimeProvider time, CancellationToken ct)
    {
        if (limit <= TimeSpan.Zero) return false;
        // Asynchronously: whoever opens the door holds a health check's loop, not the time to serve requests.
        var place = new LinkedListNode<TaskCompletionSource>(new(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_gate)
        {
            if (_queue.Count >= Capacity || _bytes + bytes > MostBytes) return false;
            _queue.AddLast(place);
            _bytes += bytes;
            Volatile.Write(ref _count, _queue.Count);
        }
        try
        {
            if (serves()) return true;
            await place.Value.Task.WaitAsync(limit, time, ct).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            lock (_gate)
            {
                if (place.List is not null) _queue.Remove(place);
                _bytes -= bytes;
                Volatile.Write(ref _count, _queue.Count);
            }
        }
    }

    /// <summary>Lets the next batch out while targets serve; the batches start small again once none does.</summary>
    public void Trickle(bool serves)
    {
        if (!serves || Count == 0) _batch = FirstBatch;
        if (!serves || Count == 0) return;
        Release(_batch);
        _batch = Math.Min(_batch * 2, 1 << 20);
    }

    /// <summary>Lets so many out.</summary>
    public void Release(int count)
    {
        for (; count > 0 && Count > 0; count--)
        {
            LinkedListNode<TaskCompletionSource>? first;
            lock (_gate)
            {
                first = _queue.First;
                if (first is not null) _queue.RemoveFirst();
                Volatile.Write(ref _count, _queue.Count);
            }
            first?.Value.TrySetResult();
        }
    }
}
