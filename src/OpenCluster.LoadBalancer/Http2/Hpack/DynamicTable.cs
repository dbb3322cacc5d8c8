namespace OpenCluster.LoadBalancer.Http2.Hpack;

/// <summary>
/// The fields one side has told the other to remember, the newest first (RFC 7541 §2.3.2). Bytes lie in one array in the order they came; when
/// its end is reached, what is still remembered moves to its start. Takes no memory until the first field is added.
/// </summary>
internal sealed class DynamicTable
{
    /// <summary>What an entry counts besides its bytes, §4.1.</summary>
    public const int EntryOverhead = 32;

    private byte[] _bytes = [];
    private Entry[] _entries = [];
    private int _first;
    private int _end;

    /// <param name="most">The largest size it may be given, in bytes.</param>
    public DynamicTable(int most) => Most = Limit = most;

    public int Most { get; }
    public int Limit { get; private set; }
    public int Size { get; private set; }
    public int Count { get; private set; }

    /// <summary>The field added last is 0.</summary>
    public ReadOnlySpan<byte> Name(int index)
    {
        ref readonly var entry = ref At(index);
        return _bytes.AsSpan(entry.Start, entry.NameLength);
    }

    public ReadOnlySpan<byte> Value(int index)
    {
        ref readonly var entry = ref At(index);
        return _bytes.AsSpan(entry.Start + entry.NameLength, entry.ValueLength);
    }

    public void Resize(int limit)
    {
        Limit = limit;
        Evict(0);
    }

    /// <summary>Adds a field, forgetting as many old ones as need be; one larger than the table empties it (§4.4).</summary>
    /// <remarks>The spans may point into this table: an entry's name is used again for the next.</remarks>
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var size = name.Length + value.Length + EntryOverhead;
        if (size > Limit)
        {
            Evict(Limit + 1);
            return;
        }
        if (_bytes.Length == 0)
        {
            // Twice the size: bytes move once per size added. Entries take 32 at least, so there are never more.
            _bytes = new byte[Most * 2];
            _entries = new Entry[Most / EntryOverhead + 1];
        }
        if (_end + name.Length + value.Length > _bytes.Length)
        {
            // Copied first: the name may be that of an entry which is evicted now. Once per table size of bytes added.
            var (named, valued) = (name.ToArray(), value.ToArray());
            Evict(size);
            Compact();
            Append(named, valued);
            return;
        }
        Evict(size);
        Append(name, value);
    }

    private void Append(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        name.CopyTo(_bytes.AsSpan(_end));
        value.CopyTo(_bytes.AsSpan(_end + name.Length));
        _entries[(_first + Count++) % _entries.Length] = new Entry(_end, name.Length, value.Length);
        _end += name.Length + value.Length;
        Size += name.Length + value.Length + EntryOverhead;
    }

    private void Evict(int more)
    {
        while (Count > 0 && Size + more > Limit)
        {
            ref readonly var oldest = ref _entries[_first];
            Size -= oldest.NameLength + oldest.ValueLength + EntryOverhead;
            _first = (_first + 1) % _entries.Length;
            Count--;
        }
    }

    private void Compact()
    {
        if (Count == 0)
        {
            _end = 0;
            return;
        }
        var from = _entries[_first].Start;
        _bytes.AsSpan(from, _end - from).CopyTo(_bytes);
        for (var i = 0; i < Count; i++) _entries[(_first + i) % _entries.Length].Start -= from;
        _end -= from;
    }

    private ref readonly Entry At(int index) => ref _entries[(_first + Count - 1 - index) % _entries.Length];

    private struct Entry(int start, int nameLength, int valueLength)
    {
        public int Start = start;
        public readonly int NameLength = nameLength;
        public readonly int ValueLength = valueLength;
    }
}
