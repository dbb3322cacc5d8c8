using System.Numerics;

namespace OpenCluster.Data.Memory;

/// <summary>
/// The sizes in which blocks are handed out: steps of 16 bytes up to 256, then four to each doubling, up to <see cref="Largest"/>.
/// So at most a fifth of a block is unused, and much less of a small one.
/// </summary>
internal static class SizeClasses
{
    /// <summary>Larger blocks come from the system, one by one.</summary>
    public const int Largest = 16 * 1024;

    /// <summary>16, 32 … 256 are the first sixteen; 256 to 16 Ki are six doublings of four.</summary>
    public const int Count = 16 + 6 * 4;

    private static readonly int[] Sizes = [.. Enumerable.Range(0, Count).Select(Compute)];

    public static int SizeOf(int sizeClass) => Sizes[sizeClass];

    /// <summary>The smallest class that holds <paramref name="bytes"/>, 1 to <see cref="Largest"/>.</summary>
    public static int For(int bytes)
    {
        if (bytes <= 256) return (bytes + 15 >> 4) - 1;
        var doubling = BitOperations.Log2((uint)bytes - 1);
        var quarter = (bytes - 1 >> doubling - 2) & 3;
        return 16 + (doubling - 8) * 4 + quarter;
    }

    private static int Compute(int sizeClass)
    {
        if (sizeClass < 16) return (sizeClass + 1) * 16;
        var (doubling, quarter) = Math.DivRem(sizeClass - 16, 4);
        return (256 << doubling) + (quarter + 1) * (64 << doubling);
    }
}
