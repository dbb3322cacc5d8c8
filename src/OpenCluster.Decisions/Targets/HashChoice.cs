using System.Text;

namespace OpenCluster.Decisions.Targets;

/// <summary>
/// Consistent hashing by Maglev's table (Eisenbud et al., NSDI 2016, §3.4), weighted: the same key goes to the same target, one look-up per
/// request, and when a target comes or goes little more than its own share of the keys moves.
/// </summary>
public sealed class HashChoice
{
    // Primes, so that every step through the table visits all of it. Shares are exact to about targets / size.
    private const int Small = 4099;
    private const int Large = 65_537;
    private const int FewTargets = 40;

    private readonly ushort[] _table;

    private HashChoice(ushort[] table) => _table = table;

    /// <param name="seeds">One number per candidate that stays the same as long as the candidate does, see <see cref="Hash(string)"/>. At most 65,535.</param>
    /// <param name="upTo">The shares.</param>
    public static HashChoice? Build(ReadOnlySpan<ulong> seeds, ReadOnlySpan<int> upTo)
    {
        if (upTo.IsEmpty || upTo[^1] == 0) return null;
        var size = seeds.Length <= FewTargets ? Small : Large;
        var table = new ushort[size];
        var taken = new bool[size];
        var (next, credit) = (new uint[seeds.Length], new double[seeds.Length]);
        var largest = 0;
        for (var i = 0; i < seeds.Length; i++) largest = Math.Max(largest, TargetChoice.Share(upTo, i));
        for (var filled = 0; filled < size;)
        {
            for (var i = 0; i < seeds.Length && filled < size; i++)
            {
                // One with half the greatest share takes a place every other round.
                credit[i] += (double)TargetChoice.Share(upTo, i) / largest;
                if (credit[i] < 1) continue;
                credit[i] -= 1;
                var (offset, skip) = ((uint)(seeds[i] >> 32) % (uint)size, (uint)seeds[i] % (uint)(size - 1) + 1);
                int place;
                do place = (int)((offset + (ulong)skip * next[i]++) % (uint)size);
                while (taken[place]);
                taken[place] = true;
                table[place] = (ushort)i;
                filled++;
            }
        }
        return new HashChoice(table);
    }

    public int Of(ulong key) => _table[(int)(Mix(key) % (uint)_table.Length)];

    /// <summary>FNV-1a, then mixed: the same on every balancer and in every process, which .NET's own hashes are not.</summary>
    public static ulong Hash(ReadOnlySpan<byte> key)
    {
        var hash = 0xCBF29CE484222325;
        foreach (var next in key) hash = (hash ^ next) * 0x100000001B3;
        return Mix(hash);
    }

    public static ulong Hash(string key) => Hash(Encoding.UTF8.GetBytes(key));

    private static ulong Mix(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCD;
        hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53;
        return hash ^ (hash >> 33);
    }
}
