using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Targets;

/// <summary>
/// The shares of a route's targets. Done when something changes, and now and then while a share grows; requests only draw
/// (<see cref="TargetChoice"/>). Steps: who may serve (<see cref="Standings"/>); how far grown each is; which level, by release and
/// location; how much of the load each level takes; and the newest release's share, where one is wished.
/// </summary>
public static class Weighing
{
    /// <summary>Share a target starts with. Low enough to spare a cold one, high enough to show within seconds whether it works.</summary>
    public const double FirstShare = 0.1;

    /// <summary>A share grows as (time up / slow start) to this power: slowly first, while caches fill.</summary>
    public const double Curve = 1.5;

    /// <summary>
    /// A level takes min(1, this × healthy / all) of the load, the next one of the rest: it keeps everything until less than 71% of it is
    /// healthy, and then gives away more than it lost. The figure is Envoy's.
    /// </summary>
    public const double OverProvision = 1.4;

    /// <summary>What came up within this time of the oldest is as old: the first checks of one start do not end at the same instant.</summary>
    internal static readonly TimeSpan Together = TimeSpan.FromSeconds(1);

    // Shares are integers, weight times this, so that draws are exact.
    private const int Scale = 100;
    private const double LargestSum = 1 << 30;

    /// <param name="upTo">Filled with running sums of the shares, in the order of the candidates; one without a share adds nothing.</param>
    /// <param name="levels">Filled with the level of each that may serve, 0 preferred, or -1. One of a later level may have no share and still be asked when others failed.</param>
    /// <returns>Whether a share still grows or panic may end, so that it must be weighed again soon.</returns>
    public static bool Weigh(ReadOnlySpan<Candidate> candidates, in WeighingRules rules, DateTimeOffset now, Span<int> upTo, Span<int> levels)
    {
        var count = candidates.Length;
        var standings = count <= 256 ? stackalloc Standing[count] : new Standing[count];
        var shares = count <= 256 ? stackalloc double[count] : new double[count];
        Standings.Judge(candidates, rules.Balance.Panic, now, standings);
        var changing = Grow(candidates, rules.SlowStart, now, standings, shares);
        Levels.Assign(candidates, standings, rules.Balance, levels);
        Levels.Divide(candidates, standings, levels, shares);
        if (rules.Balance is { NewestShare: { } share, Releases: ReleasePreference.Any }) GiveNewest(candidates, share, shares);

        for (var i = 0; i < count; i++)
            if (standings[i] != Standing.Serving) levels[i] = -1;
        Sum(shares, upTo);
        return changing;
    }

    /// <summary>Weight times growth for each that serves.</summary>
    private static bool Grow(ReadOnlySpan<Candidate> candidates, TimeSpan slowStart, DateTimeOffset now, ReadOnlySpan<Standing> standings, Span<double> shares)
    {
        var oldest = TimeSpan.Zero;
        for (var i = 0; i < candidates.Length; i++)
            if (standings[i] == Standing.Serving && candidates[i].Health.UpSince is { } since && now - since > oldest) oldest = now - since;

        var changing = false;
        for (var i = 0; i < candidates.Length; i++)
        {
            if (standings[i] != Standing.Serving) continue;
            var grown = candidates[i].Health.UpSince is { } since ? Ramp(now - since, oldest, slowStart) : 1;
            // What serves though it is not up does so for a while only.
            changing |= grown < 1 || candidates[i].Health.UpSince is null;
            shares[i] = candidates[i].Weight * grown;
        }
        return changing;
    }

    /// <summary>Between <see cref="FirstShare"/> and 1. What is as old as the oldest does not ramp: there is nobody else to spare it.</summary>
    private static double Ramp(TimeSpan up, TimeSpan oldest, TimeSpan slowStart)
    {
        if (slowStart <= TimeSpan.Zero || up >= slowStart || up >= oldest - Together) return 1;
        var reference = oldest < slowStart ? oldest : slowStart;
        return Math.Clamp(Math.Pow(up / reference, Curve), FirstShare, 1);
    }

    /// <summary>The newest release gets this share of all, whatever number of targets it has, while an older one has a share too.</summary>
    private static void GiveNewest(ReadOnlySpan<Candidate> candidates, double share, Span<double> shares)
    {
        var newest = int.MinValue;
        for (var i = 0; i < candidates.Length; i++)
            if (shares[i] > 0) newest = Math.Max(newest, candidates[i].Release);
        var (ofNewest, ofOlder) = (0.0, 0.0);
        for (var i = 0; i < candidates.Length; i++)
        {
            if (candidates[i].Release == newest) ofNewest += shares[i];
            else ofOlder += shares[i];
        }
        if (ofOlder <= 0) return;
        for (var i = 0; i < candidates.Length; i++)
            shares[i] *= candidates[i].Release == newest ? share * (ofNewest + ofOlder) / ofNewest : (1 - share) * (ofNewest + ofOlder) / ofOlder;
    }

    private static void Sum(ReadOnlySpan<double> shares, Span<int> upTo)
    {
        var all = 0.0;
        foreach (var share in shares) all += share * Scale;
        var scale = all > LargestSum ? Scale * LargestSum / all : Scale;
        var sum = 0;
        for (var i = 0; i < shares.Length; i++)
        {
            if (shares[i] > 0) sum += Math.Max(1, (int)(shares[i] * scale));
            upTo[i] = sum;
        }
    }
}
