using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OpenCluster.Data.Keyspace;

/// <summary>
/// Hashes keys by multiplying pairs of words that a secret was mixed into and folding the 128 bits of the product. The secret is drawn at
/// the start of each process, so nobody outside can choose keys that meet in one bucket.
/// </summary>
internal static class KeyHash
{
    private static readonly ulong Secret0 = Draw();
    private static readonly ulong Secret1 = Draw();
    private static readonly ulong Secret2 = Draw();

    public static ulong Of(ReadOnlySpan<byte> key)
    {
        ref var at = ref MemoryMarshal.GetReference(key);
        var left = (nuint)key.Length;
        var hash = Secret0 ^ left;
        while (left > 16)
        {
            hash = Fold(Word(ref at, 0) ^ Secret1, Word(ref at, 8) ^ hash);
            at = ref Unsafe.Add(ref at, 16);
            left -= 16;
        }

        ulong first = 0, second = 0;
        if (left >= 8)
        {
            // Two words that may overlap cover what is left.
            first = Word(ref at, 0);
            second = Word(ref at, left - 8);
        }
        else if (left >= 4)
        {
            first = Unsafe.ReadUnaligned<uint>(ref at);
            second = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref at, left - 4));
        }
        else if (left > 0)
        {
            first = (ulong)at << 16 | (ulong)Unsafe.Add(ref at, left >> 1) << 8 | Unsafe.Add(ref at, left - 1);
        }
        return Fold(Fold(first ^ Secret1, second ^ hash), Secret2 ^ (ulong)key.Length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Word(ref byte at, nuint offset) => Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, offset));

    /// <summary>Odd, so that it is never zero.</summary>
    private static ulong Draw() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;
}
