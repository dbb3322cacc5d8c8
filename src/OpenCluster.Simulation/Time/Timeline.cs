namespace OpenCluster.Simulation.Time;

/// <summary>Virtual time: what is planned happens in the order of its time, and of its planning when the times are equal.</summary>
public sealed class Timeline
{
    private readonly PriorityQueue<Action, (long Ticks, long Order)> queue = new();
    private long planned;
    private int atOnce;

    /// <summary>Virtual time that stands still is a loop: somebody wakes himself for nothing.</summary>
    public const int MostAtOnce = 10_000;

    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public DateTimeOffset Now { get; private set; } = Start;

    public long Steps { get; private set; }

    public void In(TimeSpan delay, Action what) => At(Now + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero), what);

    public void At(DateTimeOffset time, Action what) => queue.Enqueue(what, ((time > Now ? time : Now).Ticks, planned++));

    /// <summary>Does the next thing; false when nothing is planned before <paramref name="end"/>.</summary>
    public bool Step(DateTimeOffset end)
    {
        if (!queue.TryPeek(out _, out var due) || due.Ticks > end.Ticks)
            return false;
        var what = queue.Dequeue();
        atOnce = due.Ticks == Now.Ticks ? atOnce + 1 : 0;
        if (atOnce > MostAtOnce)
            throw new InvalidOperationException($"More than {MostAtOnce} things happen at one moment, {Trace.At(Now)}: somebody never comes to rest.");
        Now = new DateTimeOffset(due.Ticks, TimeSpan.Zero);
        Steps++;
        what();
        return true;
    }
}
