namespace OpenCluster.LoadBalancer.Tests.Support;

/// <summary>The real clock, which leaps ahead when told: limits of minutes are then reached at the next tick. Timers run as they do.</summary>
internal sealed class LeapingTime : TimeProvider
{
    private long _leapt;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _leapt));

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => System.GetElapsedTime(0).Ticks + Interlocked.Read(ref _leapt);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => System.CreateTimer(callback, state, dueTime, period);

    public void Leap(TimeSpan by) => Interlocked.Add(ref _leapt, by.Ticks);

    /// <summary>
    /// Leaps again and again until something has come of it: one leap might come before the limit it is to pass was set, on a busy machine.
    /// At most for ten seconds of real time.
    /// </summary>
    public async Task LeapUntilAsync(TimeSpan by, Task done)
    {
        for (var i = 0; !done.IsCompleted && i < 100; i++)
        {
            Leap(by);
            await Task.WhenAny(done, Task.Delay(100));
        }
        await done;
    }
}
