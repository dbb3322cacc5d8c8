using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Targets;

/// <summary>What the choice must know of a target.</summary>
/// <param name="Weight">1 to 1,000.</param>
/// <param name="Release">Number of the release it runs; a greater one is newer.</param>
/// <param name="Incompatible">Its release must not serve beside an earlier one.</param>
/// <param name="Distance">0 at the balancer's own location; see <see cref="Nearness.Between"/>.</param>
public readonly record struct Candidate(TargetHealth Health, int Weight, bool Draining, int Release = 0, bool Incompatible = false, int Distance = 0);

/// <summary>How shares are weighed.</summary>
/// <param name="SlowStart">Time over which a target that came up reaches its full share; zero for at once.</param>
/// <param name="Balance">Location, releases and panic; its policy and limits concern the draw, not the shares.</param>
public readonly record struct WeighingRules(TimeSpan SlowStart, BalanceRule Balance);

/// <summary>Locations are dotted paths, the widest first: <c>dc.hall1</c>.</summary>
public static class Nearness
{
    /// <summary>Labels of <paramref name="from"/> that <paramref name="to"/> does not share: 0 at or below the same place, 1 in the next hall, 2 elsewhere.</summary>
    public static int Between(string from, string to)
    {
        var (a, b) = (from.Split('.'), to.Split('.'));
        var shared = 0;
        while (shared < a.Length && shared < b.Length && a[shared] == b[shared]) shared++;
        return a.Length - shared;
    }
}
