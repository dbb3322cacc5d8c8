namespace OpenCluster.LoadBalancer.Http2.Hpack;

/// <summary>Integers with a prefix of some bits, RFC 7541 §5.1.</summary>
internal static class HpackInteger
{
    /// <summary>Larger ones mean nothing here: no index, length or table size comes near.</summary>
    public const int Most = 1 << 24;

    /// <summary>Reads one at the start of <paramref name="bytes"/> and moves past it; false when it is cut short or larger than <see cref="Most"/>.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> bytes, int prefixBits, out int number)
    {
        number = 0;
        if (bytes.IsEmpty) return false;
        var prefix = (1 << prefixBits) - 1;
        number = bytes[0] & prefix;
        bytes = bytes[1..];
        if (number < prefix) return true;
        for (var shift = 0; !bytes.IsEmpty && shift <= 21; shift += 7)
        {
            var next = bytes[0];
            bytes = bytes[1..];
            number += (next & 127) << shift;
            if (number > Most) return false;
            if (next < 128) return true;
        }
        return false;
    }

    /// <summary>Writes one below the bits <paramref name="pattern"/>; returns how many bytes it took, six at most.</summary>
    public static int Write(Span<byte> to, byte pattern, int prefixBits, int number)
    {
        var prefix = (1 << prefixBits) - 1;
        if (number < prefix)
        {
            to[0] = (byte)(pattern | number);
            return 1;
        }
        to[0] = (byte)(pattern | prefix);
        number -= prefix;
        var length = 1;
        while (number >= 128)
        {
            to[length++] = (byte)(number & 127 | 128);
            number >>= 7;
        }
        to[length++] = (byte)number;
        return length;
    }
}
