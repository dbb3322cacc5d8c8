namespace OpenCluster.Decisions;

/// <summary>
/// The time shells hand to machines: wall time when the process started plus the monotonic time since. It never jumps, so a clock
/// set by an hour neither kills servers nor expires leases; what it shows may differ from the wall clock by what was set since.
/// </summary>
public sealed class SteadyClock(TimeProvider time)
{
    private readonly DateTimeOffset _started = time.GetUtcNow();
    private readonly long _startStamp = time.GetTimestamp();

    public DateTimeOffset Now => _started + time.GetElapsedTime(_startStamp);
}
