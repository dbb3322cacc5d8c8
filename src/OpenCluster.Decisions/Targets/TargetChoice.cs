using OpenCluster.Model.Balancing;

namespace OpenCluster.Decisions.Targets;

/// <summary>What the choice must know of a target.</summary>
/// <param name="Weight">1 to 1,000.</param>
public readonly record struct Candidate(TargetHealth Health, int Weight, bool Draining);

/// <summary>
/// Which targets serve, with what share, and which of them takes one request. Weighing happens when something changes (and now and
/// then while a share grows); drawing happens per request, costs the logarithm of the number of targets and allocates nothing.
/// </summary>
public static class TargetChoice
{
    /// <summary>Share a target starts with. Low enough to spare a cold one, high enough to show within seconds whether it works.</summary>
    public const double FirstShare = 0.1;

    /// <summary>A share grows as (time up / slow start) to this power: slowly first, while caches fill.</summary>
    public const double Curve = 1.5;

    /// <summary>What came up within this time of the oldest is as old: the first checks of one start do not end at the same instant.</summary>
    private static readonly TimeSpan Together = TimeSpan.FromSeconds(1);

    // Shares are integers, weight times this, so that sums are exact; 20,000 targets of the greatest weight still fit.
    private const int Scale = 100;

    /// <summary>
    /// Fills <paramref name="upTo"/> with running sums of the shares, in the order of the candidates; one that does not serve adds
    /// nothing. Returns whether a share still grows, so that it must be weighed again soon.
    /// </summary>
    /// <remarks>
    /// Normally those serve that are up and not draining. When none is, those do that were ejected for failing requests: if all look
    /// bad at once it is more likely the requests, or us (panic rule). Never those where nobody listens, never unknown ones.
    /// </remarks>
    public static bool Weigh(ReadOnlySpan<Candidate> candidates, TimeSpan slowStart, DateTimeOffset now, Span<int> upTo)
    {
        var oldest = TimeSpan.Zero;
        var anyUp = false;
        foreach (ref readonly var candidate in candidates)
        {
            if (!Serves(candidate, TargetState.Up)) continue;
            anyUp = true;
            var up = now - candidate.Health.UpSince!.Value;
            if (up > oldest) oldest = up;
        }

        var sum = 0;
        var growing = false;
        for (var i = 0; i < candidates.Length; i++)
        {
            ref readonly var candidate = ref candidates[i];
            if (Serves(candidate, anyUp ? TargetState.Up : TargetState.Ejected))
            {
                var ramp = anyUp ? Ramp(now - candidate.Health.UpSince!.Value, oldest, slowStart) : 1;
                growing |= ramp < 1;
                sum += Math.Max(1, (int)(candidate.Weight * Scale * ramp));
            }
            upTo[i] = sum;
        }
        return growing;
    }

    /// <summary>
    /// Two candidates drawn by share, from 64 random bits; the same one twice when chance has it so, (-1, -1) when none serves.
    /// The first is the one to take when both are equally busy, which keeps shares exact at low load.
    /// </summary>
    public static (int First, int Second) Draw(ReadOnlySpan<int> upTo, ulong random)
    {
        var sum = upTo.IsEmpty ? 0 : upTo[^1];
        if (sum == 0) return (-1, -1);
        return (Find(upTo, Below(sum, (uint)random)), Find(upTo, Below(sum, (uint)(random >> 32))));
    }

    /// <summary>Whether the second of two drawn candidates is less busy for its share than the first.</summary>
    public static bool SecondIsFreer(int firstInFlight, int firstShare, int secondInFlight, int secondShare) =>
        (long)secondInFlight * firstShare < (long)firstInFlight * secondShare;

    /// <summary>The share <see cref="Weigh"/> gave to candidate <paramref name="index"/>; zero when it does not serve.</summary>
    public static int Share(ReadOnlySpan<int> upTo, int index) => upTo[index] - (index == 0 ? 0 : upTo[index - 1]);

    private static bool Serves(in Candidate candidate, TargetState state) =>
        !candidate.Draining && candidate.Health.State == state && (state == TargetState.Up || !candidate.Health.Refused);

    /// <summary>Between <see cref="FirstShare"/> and 1. What is as old as the oldest does not ramp: there is nobody else to spare it.</summary>
    private static double Ramp(TimeSpan up, TimeSpan oldest, TimeSpan slowStart)
    {
        if (slowStart <= TimeSpan.Zero || up >= slowStart || up >= oldest - Together) return 1;
        var reference = oldest < slowStart ? oldest : slowStart;
        return Math.Clamp(Math.Pow(up / reference, Curve), FirstShare, 1);
    }

    private static int Below(int bound, uint random) => (int)(((ulong)random * (uint)bound) >> 32);

    /// <summary>The first candidate whose running sum is above <paramref name="point"/>.</summary>
    private static int Find(ReadOnlySpan<int> upTo, int point)
    {
        int low = 0, high = upTo.Length - 1;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (upTo[middle] > point) high = middle;
            else low = middle + 1;
        }
        return low;
    }
}
