using System.Globalization;
using System.Security.Cryptography;

namespace OpenCluster.Store;

/// <summary>
/// Which life of the store this is. A restored or moved store starts a newer generation, so that whoever remembers
/// a revision or an epoch of the old one notices.
/// </summary>
/// <param name="Number">Comparable: greater is newer. Fits a JSON number (below 2^53).</param>
public readonly record struct Generation(long Number) : IComparable<Generation>
{
    private const int RandomBits = 10;

    /// <summary>
    /// A generation newer than <paramref name="previous"/>. It is the time of its birth with random bits below, so two
    /// restores of one backup differ, and the later one is the newer even though neither knows of the other.
    /// </summary>
    public static Generation NewerThan(Generation previous, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        var born = (time.GetUtcNow().ToUnixTimeMilliseconds() << RandomBits) | (long)RandomNumberGenerator.GetInt32(1 << RandomBits);
        return new Generation(Math.Max(born, previous.Number + 1));
    }

    public int CompareTo(Generation other) => Number.CompareTo(other.Number);

    public override string ToString() => Number.ToString(CultureInfo.InvariantCulture);
}
