using System.Buffers;
using System.Buffers.Binary;

namespace OpenCluster.Store.Journaling;

/// <summary>
/// The 24 bytes before each payload, little-endian: CRC32C of all that follows, seeded with the file's salt (4),
/// payload length (4), sequence (8), batch (8).
/// </summary>
/// <param name="Length">Bytes of payload; 0 makes the record a mark.</param>
/// <param name="Sequence">One more than the record before. A mark has the sequence of the record that comes next.</param>
/// <param name="Batch">
/// The sequence of the first record of its batch: when this one was written, everything below <c>Batch</c> was synced.
/// So one whole record proves what must be there before it, and damage can be told from a tail that was never acknowledged.
/// A mark (Batch = its own sequence) follows every sync for this purpose alone.
/// </param>
internal readonly record struct RecordHeader(int Length, long Sequence, long Batch)
{
    public const int Size = 24;

    /// <summary>Bounds what a reader allocates for a length it cannot trust yet.</summary>
    public const int MaxPayload = 64 * 1024 * 1024;

    public bool IsMark => Length == 0;

    public static RecordHeader Decode(ReadOnlySpan<byte> header) => new(
        BinaryPrimitives.ReadInt32LittleEndian(header[4..]),
        BinaryPrimitives.ReadInt64LittleEndian(header[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(header[16..]));

    /// <summary>Appends the record to <paramref name="output"/>.</summary>
    public static void Write(IBufferWriter<byte> output, uint salt, long sequence, long batch, ReadOnlySpan<byte> payload)
    {
        var record = output.GetSpan(Size + payload.Length)[..(Size + payload.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(record[4..], payload.Length);
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], sequence);
        BinaryPrimitives.WriteInt64LittleEndian(record[16..], batch);
        payload.CopyTo(record[Size..]);
        BinaryPrimitives.WriteUInt32LittleEndian(record, Crc32C.Of(record[4..], salt));
        output.Advance(record.Length);
    }

    /// <summary>Whether <paramref name="record"/>, header and payload, matches its checksum.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> record, uint salt) =>
        BinaryPrimitives.ReadUInt32LittleEndian(record) == Crc32C.Of(record[4..], salt);
}
