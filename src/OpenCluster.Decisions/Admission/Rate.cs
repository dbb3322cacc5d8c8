using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Admission;

/// <summary>
/// A rate with a burst, by the generic cell rate algorithm (ITU-T I.371): one number per client, the time at which what it has sent will
/// have been paid for, instead of a bucket that must be filled.
/// </summary>
/// <param name="Interval">Ticks of time one request costs; 0 for no limit.</param>
/// <param name="Burst">Ticks that may be owed.</param>
public readonly record struct Rate(long Interval, long Burst)
{
    /// <param name="frequency">Ticks per second.</param>
    public static Rate Of(LoadLimit limit, long frequency)
    {
        if (limit.Rate <= 0) return default;
        var interval = Math.Max(1, (long)(frequency / limit.Rate));
        var burst = limit.Burst > 0 ? limit.Burst : Math.Max(1, (long)Math.Ceiling(limit.Rate));
        return new Rate(interval, burst <= long.MaxValue / 4 / interval ? interval * burst : long.MaxValue / 4);
    }

    public bool IsLimit => Interval > 0;

    /// <summary>Whether one more may come now; <paramref name="paidAt"/>, 0 at first, is moved if so.</summary>
    public bool TryTake(ref long paidAt, long now)
    {
        if (!IsLimit) return true;
        var next = Math.Max(paidAt, now) + Interval;
        if (next - now > Burst) return false;
        paidAt = next;
        return true;
    }
}
