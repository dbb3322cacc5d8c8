using System.Collections.Concurrent;
using OpenCluster.Sockets;

namespace OpenCluster.LoadBalancer.Sockets;

/// <summary>Something an <see cref="EventLoop"/> watches.</summary>
internal interface IWatched
{
    /// <summary>Called on the loop's thread. May be about a descriptor closed just now whose number was given again: it is a hint to look, not a fact.</summary>
    void OnEvents(uint events);
}

/// <summary>
/// One thread that waits for events of many sockets and runs what they complete, one thing after the other: whatever runs there must not block.
/// There is one for each processor, for the whole life of the process; when it may use fewer of them meanwhile, the others get no new
/// connections. A connection to a target is made on the loop of the client it is
/// made for, and found again by clients of that loop first, so that a request begins and ends on one thread.
/// </summary>
/// <remarks>
/// .NET's own sockets do the same for programs of every kind; per request they cost two more calls of the kernel (receives that find
/// nothing), a hop to a pool unless told otherwise, and client and target are rarely on the same thread. See docs/performance.md.
/// </remarks>
internal sealed class EventLoop
{
    private static readonly EventLoop[] Loops = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(i => new EventLoop(i))];
    private static uint _next;
    private static int _inUse = Loops.Length;

    [ThreadStatic]
    private static EventLoop? _current;

    private readonly Polling _polling = new();
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _posted = new();
    private readonly Lock _growGate = new();

    /// <summary>By descriptor. Grows with the highest one, which the limit of open files bounds.</summary>
    private IWatched?[] _watched = new IWatched?[1024];

    private int _load;

    private EventLoop(int index)
    {
        Index = index;
        new Thread(Run) { IsBackground = true, Name = $"loop {index}" }.Start();
    }

    public static int Count => Loops.Length;

    /// <summary>From 0 to <see cref="Count"/> - 1.</summary>
    public int Index { get; }

    /// <summary>This thread's; from another thread, one after the other.</summary>
    public static EventLoop Here => _current ?? Loops[Interlocked.Increment(ref _next) % (uint)InUse.Length];

    /// <summary>Of this thread's loop; 0 elsewhere.</summary>
    public static int IndexHere => _current?.Index ?? 0;

    /// <summary>Those for new connections: as many as there are processors to use now.</summary>
    public static ReadOnlySpan<EventLoop> InUse => Loops.AsSpan(0, Volatile.Read(ref _inUse));

    /// <summary>Raised when <see cref="InUse"/> has changed.</summary>
    public static event Action? InUseChanged;

    /// <summary>
    /// Looks at how many processors the process may use: containers are given more and fewer while they run, and people pin what runs. Two loops
    /// that share a processor only take turns on it, which costs each request a tenth. To be called now and then.
    /// </summary>
    public static void CountProcessors()
    {
        var now = Math.Clamp(Kernel.Processors(), 1, Loops.Length);
        if (Interlocked.Exchange(ref _inUse, now) != now) InUseChanged?.Invoke();
    }

    /// <summary>Connections it has to look after; for sharing new ones out.</summary>
    public int Load => Volatile.Read(ref _load);

    public void Bear(int more) => Interlocked.Add(ref _load, more);

    /// <summary>From now on the descriptor's events are told, those that have happened already first.</summary>
    public void Watch(int descriptor, IWatched watched, uint events)
    {
        lock (_growGate)
        {
            if (descriptor >= _watched.Length)
            {
                var larger = new IWatched?[Math.Max(_watched.Length * 2, descriptor + 1)];
                _watched.CopyTo(larger, 0);
                Volatile.Write(ref _watched, larger);
            }
            _watched[descriptor] = watched;
        }
        _polling.Watch(descriptor, events);
    }

    /// <summary>To be called before the descriptor is closed: afterwards its number may be somebody else's.</summary>
    public void Forget(int descriptor)
    {
        lock (_growGate) _watched[descriptor] = null;
    }

    /// <summary>Ends watching what stays open.</summary>
    public void Unwatch(int descriptor)
    {
        _polling.Unwatch(descriptor);
        Forget(descriptor);
    }

    /// <summary>Has it executed soon, on the loop's thread.</summary>
    public void Post(IThreadPoolWorkItem work)
    {
        _posted.Enqueue(work);
        // On its own thread the loop gets to it before it waits again.
        if (_current != this) _polling.Wake();
    }

    /// <summary>What is awaited after this runs on the loop's thread.</summary>
    public ValueTask SwitchAsync()
    {
        if (_current == this) return default;
        var arrival = new Arrival();
        Post(arrival);
        return new ValueTask(arrival.Task);
    }

    private sealed class Arrival : TaskCompletionSource, IThreadPoolWorkItem
    {
        public void Execute() => SetResult();
    }

    private void Run()
    {
        _current = this;
        // Continuations then carry no context from one request to the next, which saves saving and restoring it at each.
        ExecutionContext.SuppressFlow();
        while (true)
        {
            var count = _polling.Wait();
            for (var i = 0; i < count; i++)
            {
                var (descriptor, events) = _polling[i];
                var watched = Volatile.Read(ref _watched);
                if (descriptor >= 0 && descriptor < watched.Length) watched[descriptor]?.OnEvents(events);
            }
            while (_posted.TryDequeue(out var posted)) posted.Execute();
        }
    }
}
