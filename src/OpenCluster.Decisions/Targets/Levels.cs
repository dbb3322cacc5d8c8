using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Targets;

/// <summary>
/// Preference among targets: the preferred release first, within it the nearest. A level takes the load while enough of it is healthy; what
/// it cannot take spills to the next.
/// </summary>
internal static class Levels
{
    /// <summary>Numbers the levels from 0, for each that serves or is lost; others get -1.</summary>
    public static void Assign(ReadOnlySpan<Candidate> candidates, ReadOnlySpan<Standing> standings, BalanceRule rule, Span<int> levels)
    {
        var known = new SortedSet<(int, int)>();
        for (var i = 0; i < candidates.Length; i++)
            if (standings[i] != Standing.Out) known.Add(Key(candidates[i], rule));
        (int, int)[] order = [.. known];
        for (var i = 0; i < candidates.Length; i++)
            levels[i] = standings[i] == Standing.Out ? -1 : Array.BinarySearch(order, Key(candidates[i], rule));
    }

    /// <summary>Scales the shares of each level so that together they are the part of the load the level takes.</summary>
    public static void Divide(ReadOnlySpan<Candidate> candidates, ReadOnlySpan<Standing> standings, ReadOnlySpan<int> levels, Span<double> shares)
    {
        var count = 0;
        foreach (var level in levels) count = Math.Max(count, level + 1);
        if (count <= 1) return;
        var (healthy, all, load) = (new double[count], new double[count], new double[count]);
        for (var i = 0; i < candidates.Length; i++)
        {
            if (levels[i] < 0) continue;
            all[levels[i]] += candidates[i].Weight;
            if (standings[i] == Standing.Serving) healthy[levels[i]] += shares[i];
        }

        var left = 1.0;
        for (var level = 0; level < count; level++)
        {
            load[level] = Math.Min(left, Weighing.OverProvision * healthy[level] / all[level]);
            left -= load[level];
        }
        // The level with the greatest load keeps its shares as they are, so that with one level in use nothing is rounded.
        var first = Array.IndexOf(load, load.Max());
        if (load[first] <= 0) return;
        for (var i = 0; i < candidates.Length; i++)
        {
            if (levels[i] < 0 || shares[i] <= 0) continue;
            shares[i] *= load[levels[i]] / healthy[levels[i]] * healthy[first] / load[first];
        }
    }

    private static (int Release, int Distance) Key(in Candidate candidate, BalanceRule rule) =>
    (
        rule.Releases switch { ReleasePreference.Newer => -candidate.Release, ReleasePreference.Older => candidate.Release, _ => 0 },
        rule.Near ? candidate.Distance : 0
    );
}
