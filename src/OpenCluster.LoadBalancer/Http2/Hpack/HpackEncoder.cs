namespace OpenCluster.LoadBalancer.Http2.Hpack;

/// <summary>
/// Encodes fields (RFC 7541 §6), one per connection and direction, in the order in which their frames are sent. A field seen twice is put into
/// the table and from then on costs one or two bytes; one seen once is sent as it is, so that values which never repeat do not drive out those
/// that do. Strings are not Huffman-coded: it saves a quarter of what is sent once, and costs more than everything else here.
/// </summary>
internal sealed class HpackEncoder
{
    /// <summary>Bytes a field may take beyond its name and value.</summary>
    public const int Overhead = 16;

    private const int TableBytes = 4096;

    // Longer fields would drive out too many others, and shorter ones gain nothing.
    private const int MostIndexed = 256;

    private readonly DynamicTable _table = new(TableBytes);
    // Hashes of the table's fields in the order they were added, as a ring; the newest is at _newest.
    private readonly int[] _hashes = new int[128];
    private int _newest;
    // Fields seen once, by hash; a collision only delays or hastens an entry.
    private readonly int[] _seen = new int[64];
    private int _announced = -1;
    private int _lowest = int.MaxValue;

    /// <summary>The other side allows a table of so many bytes (SETTINGS_HEADER_TABLE_SIZE); told at the start of the next block, §4.2.</summary>
    public void Allow(long tableBytes)
    {
        _announced = (int)Math.Min(tableBytes, TableBytes);
        _lowest = Math.Min(_lowest, _announced);
    }

    /// <summary>What must stand at the start of a block; at most <see cref="Overhead"/> bytes.</summary>
    public int Begin(Span<byte> to)
    {
        if (_announced < 0) return 0;
        var length = 0;
        if (_lowest < _announced) length = Announce(to, _lowest);
        length += Announce(to[length..], _announced);
        _announced = -1;
        _lowest = int.MaxValue;
        return length;
    }

    /// <summary>Encodes one field; returns the bytes written.</summary>
    /// <param name="to">Holds name, value and <see cref="Overhead"/>.</param>
    /// <param name="name">In lower case.</param>
    /// <param name="isSecret">Never to be put into a table by anybody on the way (§7.1.3).</param>
    public int Encode(Span<byte> to, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool isSecret = false)
    {
        var known = StaticTable.IndexOf(name);
        if (isSecret) return Literal(to, 0x10, 4, known, name, value);
        if (name.Length + value.Length > MostIndexed) return Literal(to, 0, 4, known, name, value);

        var hash = Hash(name, value);
        if (Find(hash, name, value) is var found and >= 0) return HpackInteger.Write(to, 0x80, 7, StaticTable.Count + 1 + found);
        ref var seen = ref _seen[hash & (_seen.Length - 1)];
        if (seen != hash)
        {
            seen = hash;
            return Literal(to, 0, 4, known, name, value);
        }
        _table.Add(name, value);
        _newest = _newest + 1 & (_hashes.Length - 1);
        _hashes[_newest] = hash;
        return Literal(to, 0x40, 6, known, name, value);
    }

    /// <summary>A field that is in the static table with this value.</summary>
    public static int Encode(Span<byte> to, int staticIndex) => HpackInteger.Write(to, 0x80, 7, staticIndex);

    /// <summary>A field whose name alone is in the static table, and whose value need not be remembered.</summary>
    public static int Encode(Span<byte> to, int staticName, ReadOnlySpan<byte> value) => Literal(to, 0, 4, staticName, default, value);

    private int Announce(Span<byte> to, int size)
    {
        _table.Resize(size);
        return HpackInteger.Write(to, 0x20, 5, size);
    }

    private int Find(int hash, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        // The ring holds one entry more than the table can ever have: 4096 bytes are at most 128 entries of 32.
        for (var i = 0; i < _table.Count; i++)
            if (_hashes[_newest - i & (_hashes.Length - 1)] == hash && _table.Value(i).SequenceEqual(value) && _table.Name(i).SequenceEqual(name)) return i;
        return -1;
    }

    private static int Literal(Span<byte> to, byte pattern, int prefixBits, int known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var length = HpackInteger.Write(to, pattern, prefixBits, known);
        if (known == 0) length += Text(to[length..], name);
        return length + Text(to[length..], value);
    }

    private static int Text(Span<byte> to, ReadOnlySpan<byte> text)
    {
        var length = HpackInteger.Write(to, 0, 7, text.Length);
        text.CopyTo(to[length..]);
        return length + text.Length;
    }

    private static int Hash(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var hash = (ulong)(name.Length << 16 | value.Length) * 0x9E3779B97F4A7C15;
        hash = Mix(hash, name);
        hash = Mix(hash, value);
        return (int)(hash >> 32);
    }

    private static ulong Mix(ulong hash, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 8)
        {
            hash = (hash ^ BitConverter.ToUInt64(bytes)) * 0x9E3779B97F4A7C15;
            hash ^= hash >> 29;
            bytes = bytes[8..];
        }
        foreach (var one in bytes) hash = (hash ^ one) * 0x100000001B3;
        return hash ^ hash >> 32;
    }
}
