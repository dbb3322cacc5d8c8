using System.Buffers.Binary;

namespace OpenCluster.Store.Journaling;

/// <summary>What a file of the journal is for.</summary>
internal enum FileKind
{
    Segment = 1,
    Snapshot = 2,
}

/// <summary>
/// The first 40 bytes of every file, little-endian: magic (8), format version (4), kind (4), generation (8),
/// sequence (8), salt (4), CRC32C of all before (4). This layout stays for ever, so that an old program can tell a newer
/// format from damage.
/// </summary>
/// <param name="Kind">Segment or snapshot.</param>
/// <param name="Generation">Which life of the journal's owner wrote it; opaque here.</param>
/// <param name="Sequence">Segment: of its first record, or <see cref="SequenceInName"/>. Snapshot: of the first record it does not cover.</param>
/// <param name="Salt">
/// Goes into every record's checksum. It is random, so that neither a stale block of another file nor a payload that
/// somebody crafted to look like a record passes for one.
/// </param>
internal readonly record struct FileHeader(FileKind Kind, long Generation, long Sequence, uint Salt)
{
    public const int Size = 40;
    public const uint Version = 1;

    /// <summary>Stands for the sequence in a segment that was made before it was known; its name has it.</summary>
    public const long SequenceInName = 0;
    private const ulong Magic = 0x4c4e524a_4f434f2eUL; // ".OCOJRNL"

    public byte[] Encode()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), (uint)Kind);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Generation);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(32), Salt);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(36), Crc32C.Of(bytes.AsSpan(0, 36)));
        return bytes;
    }

    /// <summary>The header of the file, or null when there is none or it does not match its checksum.</summary>
    /// <exception cref="JournalVersionException">It is whole, but of a newer format.</exception>
    public static FileHeader? Read(IFile file, string name)
    {
        Span<byte> bytes = stackalloc byte[Size];
        if (file.Read(bytes, 0) < Size
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[36..]) != Crc32C.Of(bytes[..36]))
            return null;
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (version > Version)
            throw new JournalVersionException(name, version, Version);
        return new FileHeader(
            (FileKind)BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[32..]));
    }
}
