using System.Buffers.Binary;
using System.Numerics;

namespace OpenCluster.Store.Journaling;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4), by the processor's instruction where it has one.</summary>
internal static class Crc32C
{
    /// <param name="data">What is summed.</param>
    /// <param name="seed">A salt, or the result so far of data that comes before.</param>
    public static uint Of(ReadOnlySpan<byte> data, uint seed = 0)
    {
        var crc = ~seed;
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        foreach (var octet in data)
            crc = BitOperations.Crc32C(crc, octet);
        return ~crc;
    }
}
