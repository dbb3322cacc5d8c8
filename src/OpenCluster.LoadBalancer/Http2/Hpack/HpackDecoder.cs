using System.Buffers;

namespace OpenCluster.LoadBalancer.Http2.Hpack;

/// <summary>
/// Decodes field blocks (RFC 7541 §3), one per connection and direction. Every block of a connection must go through it, refused ones too:
/// the table is shared state. Its work is bounded by the block's length, since fields are handed out where they lie and copied by nobody here.
/// </summary>
internal sealed class HpackDecoder
{
    /// <summary>The size of the table we let the other side use: the default, so that it need not be told.</summary>
    public const int TableBytes = 4096;

    private readonly DynamicTable _table = new(TableBytes);

    /// <summary>False when the block is malformed; the connection is then lost (RFC 9113 §4.3), since the tables no longer agree.</summary>
    public bool TryDecode(ReadOnlySpan<byte> block, IFieldSink sink)
    {
        byte[]? scratch = null;
        try
        {
            var started = false;
            while (!block.IsEmpty)
            {
                var first = block[0];
                if ((first & 0xE0) == 0x20)
                {
                    // §4.2: only at the start of a block, and not beyond what we allowed.
                    if (started || !HpackInteger.TryRead(ref block, 5, out var size) || size > _table.Most) return false;
                    _table.Resize(size);
                    continue;
                }
                started = true;
                if (!(first >= 0x80 ? TryIndexed(ref block, sink) : TryLiteral(ref block, first, sink, ref scratch))) return false;
            }
            return true;
        }
        finally
        {
            if (scratch is not null) ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private bool TryIndexed(ref ReadOnlySpan<byte> block, IFieldSink sink)
    {
        if (!HpackInteger.TryRead(ref block, 7, out var index) || index == 0) return false;
        if (index <= StaticTable.Count)
        {
            sink.Field(StaticTable.Name(index), StaticTable.Value(index));
            return true;
        }
        index -= StaticTable.Count + 1;
        if (index >= _table.Count) return false;
        sink.Field(_table.Name(index), _table.Value(index));
        return true;
    }

    /// <summary>§6.2: 01 is remembered, 0000 and 0001 (never to be indexed by anybody) are not.</summary>
    private bool TryLiteral(ref ReadOnlySpan<byte> block, byte first, IFieldSink sink, ref byte[]? scratch)
    {
        var remembers = first >= 0x40;
        if (!HpackInteger.TryRead(ref block, remembers ? 6 : 4, out var index)) return false;
        // Both strings together fit, whatever they decode to; what a longer block decodes to is more than any field may have.
        scratch ??= ArrayPool<byte>.Shared.Rent(HuffmanCode.MaxDecoded(block.Length));
        var free = scratch.AsSpan();
        scoped ReadOnlySpan<byte> name;
        if (index == 0)
        {
            if (!TryString(ref block, ref free, out name)) return false;
        }
        else if (index <= StaticTable.Count)
        {
            name = StaticTable.Name(index);
        }
        else
        {
            if (index - StaticTable.Count > _table.Count) return false;
            name = _table.Name(index - StaticTable.Count - 1);
        }
        if (!TryString(ref block, ref free, out var value)) return false;
        sink.Field(name, value);
        if (remembers) _table.Add(name, value);
        return true;
    }

    private static bool TryString(ref ReadOnlySpan<byte> block, ref Span<byte> free, out ReadOnlySpan<byte> text)
    {
        text = default;
        var isHuffman = !block.IsEmpty && block[0] >= 0x80;
        if (!HpackInteger.TryRead(ref block, 7, out var length) || length > block.Length) return false;
        text = block[..length];
        block = block[length..];
        if (!isHuffman) return true;
        var decoded = HuffmanCode.Decode(text, free);
        if (decoded < 0) return false;
        text = free[..decoded];
        free = free[decoded..];
        return true;
    }
}
