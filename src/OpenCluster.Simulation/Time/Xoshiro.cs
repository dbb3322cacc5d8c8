using System.Numerics;

namespace OpenCluster.Simulation.Time;

/// <summary>
/// xoshiro256** (Blackman and Vigna, 2018), seeded by SplitMix64. Our own, because a seed must give the same world on every machine
/// and every version of the runtime.
/// </summary>
public sealed class Xoshiro
{
    private ulong s0;
    private ulong s1;
    private ulong s2;
    private ulong s3;

    public Xoshiro(ulong seed)
    {
        s0 = SplitMix(ref seed);
        s1 = SplitMix(ref seed);
        s2 = SplitMix(ref seed);
        s3 = SplitMix(ref seed);
    }

    public ulong Next()
    {
        var result = BitOperations.RotateLeft(s1 * 5, 7) * 9;
        var t = s1 << 17;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= t;
        s3 = BitOperations.RotateLeft(s3, 45);
        return result;
    }

    /// <summary>0 to <paramref name="bound"/> − 1.</summary>
    public int Below(int bound) => (int)(Next() % (ulong)bound);

    /// <summary>From and to included.</summary>
    public int Between(int from, int to) => from + Below(to - from + 1);

    public TimeSpan Between(TimeSpan from, TimeSpan to) => from + TimeSpan.FromTicks((long)(Next() % (ulong)((to - from).Ticks + 1)));

    public TimeSpan Millis(int from, int to) => Between(TimeSpan.FromMilliseconds(from), TimeSpan.FromMilliseconds(to));

    public TimeSpan Seconds(int from, int to) => Between(TimeSpan.FromSeconds(from), TimeSpan.FromSeconds(to));

    /// <summary>True in <paramref name="percent"/> of 100 cases.</summary>
    public bool Chance(int percent) => Below(100) < percent;

    public T Of<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    private static ulong SplitMix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
