using System.Runtime.CompilerServices;

namespace OpenCluster.Data.Keyspace;

/// <summary>What a key holds.</summary>
internal enum ValueKind : byte
{
    String = 0,
    List = 1,
    Set = 2,
    SortedSet = 3,
    Hash = 4,
}

[Flags]
internal enum EntryFlags : byte
{
    None = 0,

    /// <summary>16 bytes after the head say when it ends.</summary>
    Expires = 1,

    /// <summary>The keyspace's own flag of the same name, as it was when this entry was last saved: see <c>SnapshotCursor</c>.</summary>
    Saved = 2,

    /// <summary>A string that was appended to or written into: shown as "raw" whatever its length.</summary>
    Raw = 4,
}

/// <summary>
/// One key and its value in one block of native memory; also one field of a hash, one member of a set. A view of the block, not the block:
/// the block's owner is the index that holds its address.
/// </summary>
/// <remarks>
/// Layout: hash (4), key length (3), flags (1), value length (4), access (3), kind (1); then, when it expires, the time in
/// milliseconds since 1970 (8), its place in the expiry heap (4) and 4 unused; then the key; then the value: the bytes of a string, or
/// the address of a collection (8).
/// </remarks>
internal readonly unsafe struct Entry(byte* block)
{
    public const int HeadBytes = 16;
    public const int ExpiryBytes = 16;
    public const int MaxKeyBytes = (1 << 24) - 1;
    private const uint LowBits = 0x00ff_ffff;

    public readonly byte* Block = block;

    public bool IsNull => Block == null;

    public uint Hash => *(uint*)Block;

    public int KeyLength => (int)(*(uint*)(Block + 4) & LowBits);

    public EntryFlags Flags => (EntryFlags)Block[7];

    public int ValueLength
    {
        get => *(int*)(Block + 8);
        set => *(int*)(Block + 8) = value;
    }

    /// <summary>24 bits that eviction keeps here: see <c>AccessClock</c>.</summary>
    public uint Access
    {
        get => *(uint*)(Block + 12) & LowBits;
        set => *(uint*)(Block + 12) = (*(uint*)(Block + 12) & ~LowBits) | (value & LowBits);
    }

    public ValueKind Kind
    {
        get => (ValueKind)Block[15];
        set => Block[15] = (byte)value;
    }

    public bool Expires => (Block[7] & (byte)EntryFlags.Expires) != 0;

    /// <summary>Milliseconds since 1970; only when it <see cref="Expires"/>.</summary>
    public long ExpiresAt
    {
        get => *(long*)(Block + HeadBytes);
        set => *(long*)(Block + HeadBytes) = value;
    }

    /// <summary>Its place in the expiry heap; only when it <see cref="Expires"/>.</summary>
    public int HeapIndex
    {
        get => *(int*)(Block + HeadBytes + 8);
        set => *(int*)(Block + HeadBytes + 8) = value;
    }

    public ReadOnlySpan<byte> Key => new(Block + KeyOffset, KeyLength);

    /// <summary>The bytes of a string, a field's value; valid until the entry changes.</summary>
    public Span<byte> Value => new(Block + ValueOffset, ValueLength);

    /// <summary>The collection behind an entry that is no string.</summary>
    public nint Collection
    {
        get => Unsafe.ReadUnaligned<nint>(Block + ValueOffset);
        set => Unsafe.WriteUnaligned(Block + ValueOffset, value);
    }

    public int ValueOffset => KeyOffset + KeyLength;

    private int KeyOffset => HeadBytes + (Expires ? ExpiryBytes : 0);

    public void Set(EntryFlags flag, bool value) => Block[7] = (byte)(value ? Block[7] | (byte)flag : Block[7] & ~(byte)flag);

    /// <summary>Bytes that an entry of these lengths needs.</summary>
    public static long SizeFor(int keyLength, bool expires, int valueLength) => HeadBytes + (expires ? ExpiryBytes : 0L) + keyLength + valueLength;

    /// <summary>Writes head and key into a fresh block; the value is the caller's to write.</summary>
    public static Entry Write(byte* block, uint hash, ReadOnlySpan<byte> key, EntryFlags flags, ValueKind kind, int valueLength)
    {
        *(uint*)block = hash;
        *(uint*)(block + 4) = (uint)key.Length | (uint)flags << 24;
        *(int*)(block + 8) = valueLength;
        *(uint*)(block + 12) = (uint)kind << 24;
        var entry = new Entry(block);
        key.CopyTo(new Span<byte>(block + entry.KeyOffset, key.Length));
        return entry;
    }
}
