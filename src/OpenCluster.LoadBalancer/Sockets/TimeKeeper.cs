using OpenCluster.Decisions;

namespace OpenCluster.LoadBalancer.Sockets;

/// <summary>
/// A clock read for nothing and time limits set by a store: one timer moves the clock and sweeps all connections. Limits are thereby
/// met to within <see cref="Period"/>, and a request needs neither a timer nor a cancellation source of its own.
/// </summary>
internal sealed class TimeKeeper : IDisposable
{
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly Lock _listGate = new();
    private readonly SteadyClock _clock;
    private readonly long _startStamp;
    private readonly ITimer _timer;
    private Timed? _first;
    private long _nowMs;
    private int _sweeping;

    public TimeKeeper(TimeProvider time)
    {
        Time = time;
        _clock = new SteadyClock(time);
        _startStamp = time.GetTimestamp();
        _timer = time.CreateTimer(static keeper => ((TimeKeeper)keeper!).Tick(), this, Period, Period);
    }

    public TimeProvider Time { get; }

    /// <summary>Milliseconds since the start, as of the last tick.</summary>
    public long NowMs => Volatile.Read(ref _nowMs);

    /// <summary>Exact; for decisions.</summary>
    public DateTimeOffset Now => _clock.Now;

    /// <summary>Called at every tick, after the sweep; must be quick.</summary>
    public event Action? Ticked;

    public void Add(Timed timed)
    {
        lock (_listGate)
        {
            timed.NextTimed = _first;
            if (_first is not null) _first.PreviousTimed = timed;
            _first = timed;
        }
    }

    public void Remove(Timed timed)
    {
        lock (_listGate)
        {
            if (timed.PreviousTimed is not null) timed.PreviousTimed.NextTimed = timed.NextTimed;
            else if (_first == timed) _first = timed.NextTimed;
            if (timed.NextTimed is not null) timed.NextTimed.PreviousTimed = timed.PreviousTimed;
            timed.NextTimed = timed.PreviousTimed = null;
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        // A machine that stalls runs late ticks together; one of them is enough.
        if (Interlocked.Exchange(ref _sweeping, 1) == 1) return;
        try
        {
            Volatile.Write(ref _nowMs, (long)Time.GetElapsedTime(_startStamp).TotalMilliseconds);
            Sweep();
            Ticked?.Invoke();
        }
        finally
        {
            Volatile.Write(ref _sweeping, 0);
        }
    }

    private void Sweep()
    {
        List<Timed>? due = null;
        lock (_listGate)
        {
            for (var timed = _first; timed is not null; timed = timed.NextTimed)
                if (timed.IsDue(_nowMs)) (due ??= []).Add(timed);
        }
        if (due is null) return;
        // Asked again: it may have gone on since, and an idle connection may have been taken for a request.
        foreach (var timed in due)
            if (timed.IsDue(_nowMs)) timed.Expire();
    }
}

/// <summary>Something with a time limit: a connection. Linked into the keeper's list while it lives.</summary>
internal abstract class Timed
{
    internal Timed? PreviousTimed, NextTimed;

    /// <summary>When <see cref="Expire"/> is due, by the keeper's clock; <see cref="long.MaxValue"/> for never.</summary>
    protected long DueMs = long.MaxValue;

    /// <summary>Asked at every tick under the keeper's lock: only reads.</summary>
    internal virtual bool IsDue(long nowMs) => nowMs >= Volatile.Read(ref DueMs);

    /// <summary>The limit has passed: close. May come together with whatever the connection does at the time.</summary>
    internal abstract void Expire();
}
