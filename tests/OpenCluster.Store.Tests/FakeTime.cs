namespace OpenCluster.Store.Tests;

/// <summary>A clock that stands until it is advanced; timers go off in order while it moves.</summary>
internal sealed class FakeTime : TimeProvider
{
    private readonly Lock timersLock = new();
    private readonly List<FakeTimer> timers = [];
    private TimeSpan elapsed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (timersLock)
            return elapsed.Ticks;
    }

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddYears(55).AddTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FakeTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        List<FakeTimer> due;
        lock (timersLock)
        {
            elapsed += by;
            due = [.. timers.Where(timer => timer.DueAt <= elapsed).OrderBy(timer => timer.DueAt)];
            due.ForEach(timer => timers.Remove(timer));
        }
        due.ForEach(timer => timer.GoOff());
    }

    private sealed class FakeTimer(FakeTime time, TimerCallback callback, object? state) : ITimer
    {
        private bool disposed;

        public TimeSpan DueAt { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Assert.Equal(Timeout.InfiniteTimeSpan, period);
            if (dueTime == TimeSpan.Zero)
            {
                ThreadPool.QueueUserWorkItem(_ => GoOff());
                return true;
            }
            lock (time.timersLock)
            {
                time.timers.Remove(this);
                DueAt = time.elapsed + dueTime;
                if (dueTime != Timeout.InfiniteTimeSpan)
                    time.timers.Add(this);
            }
            return true;
        }

        // Under the lock: a disposed timer never goes off, as with the real ones.
        public void GoOff()
        {
            lock (time.timersLock)
            {
                if (!disposed)
                    callback(state);
            }
        }

        public void Dispose()
        {
            lock (time.timersLock)
            {
                disposed = true;
                time.timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
