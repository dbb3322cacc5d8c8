using System.Text;

namespace OpenCluster.LoadBalancer.Http;

/// <summary>One field line by its place in the head. The line reaches from NameStart to End, its CRLF included.</summary>
internal struct FieldLine
{
    public int NameStart;
    public int ValueStart;
    public int ValueLength;
    public int End;
    public ushort NameLength;
    public FieldId Id;
    /// <summary>Nominated by Connection: not for the next hop.</summary>
    public bool Dropped;
}

/// <summary>The field lines of a head, as places in its bytes; reused from head to head, so that a request allocates nothing.</summary>
internal sealed class Fields
{
    private FieldLine[] _lines = new FieldLine[16];

    public int Count { get; private set; }

    /// <summary>Which of the known fields occur.</summary>
    public ulong Present { get; private set; }

    public ReadOnlySpan<FieldLine> Lines => _lines.AsSpan(0, Count);

    public void Clear()
    {
        Count = 0;
        Present = 0;
    }

    public bool Has(FieldId id) => (Present & FieldIds.Bit(id)) != 0;

    /// <summary>The value of the first line of that field, empty when there is none.</summary>
    public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> head, FieldId id)
    {
        if (!Has(id)) return default;
        foreach (ref readonly var line in Lines)
            if (line.Id == id) return head.Slice(line.ValueStart, line.ValueLength);
        return default;
    }

    /// <summary>The value of the first line with that name, empty when there is none. For names without an id; compares all.</summary>
    public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        foreach (ref readonly var line in Lines)
            if (Ascii.EqualsIgnoreCase(head.Slice(line.NameStart, line.NameLength), name)) return head.Slice(line.ValueStart, line.ValueLength);
        return default;
    }

    /// <summary>Adds a line without its CRLF that starts at <paramref name="at"/>; false when it is no field line (RFC 9112 §5).</summary>
    public bool TryAdd(ReadOnlySpan<byte> line, int at)
    {
        // A blank first is obs-fold, a blank before the colon was used to smuggle: neither is a token, so both fall here.
        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || colon > ushort.MaxValue || !Grammar.IsToken(line[..colon])) return false;
        if (Count == _lines.Length) Array.Resize(ref _lines, _lines.Length * 2);

        var value = line[(colon + 1)..];
        var start = 0;
        while (start < value.Length && value[start] is (byte)' ' or (byte)'\t') start++;
        var id = FieldIds.Of(line[..colon]);
        _lines[Count++] = new FieldLine
        {
            NameStart = at,
            NameLength = (ushort)colon,
            ValueStart = at + colon + 1 + start,
            ValueLength = Grammar.Trim(value[start..]).Length,
            End = at + line.Length + 2,
            Id = id,
        };
        Present |= FieldIds.Bit(id);
        return true;
    }

    public int CountOf(FieldId id)
    {
        var count = 0;
        foreach (ref readonly var line in Lines)
            if (line.Id == id) count++;
        return count;
    }

    /// <summary>
    /// Reads all Connection lines (RFC 9110 §7.6.1) and marks the lines they nominate. False when they nominate what frames or routes
    /// the message, which only an attack does.
    /// </summary>
    public bool TryConnection(ReadOnlySpan<byte> head, out ConnectionOptions options)
    {
        options = ConnectionOptions.None;
        if (!Has(FieldId.Connection)) return true;
        for (var i = 0; i < Count; i++)
        {
            if (_lines[i].Id != FieldId.Connection) continue;
            var list = head.Slice(_lines[i].ValueStart, _lines[i].ValueLength);
            while (!list.IsEmpty)
            {
                var comma = list.IndexOf((byte)',');
                var option = Grammar.Trim(comma < 0 ? list : list[..comma]);
                list = comma < 0 ? default : list[(comma + 1)..];
                if (Ascii.EqualsIgnoreCase(option, "keep-alive"u8)) options |= ConnectionOptions.KeepAlive;
                else if (Ascii.EqualsIgnoreCase(option, "close"u8)) options |= ConnectionOptions.Close;
                else if (Ascii.EqualsIgnoreCase(option, "upgrade"u8)) options |= ConnectionOptions.Upgrade;
                else if (FieldIds.Of(option) is FieldId.Host or FieldId.ContentLength or FieldId.TransferEncoding) return false;
                else if (!option.IsEmpty) Nominate(head, option);
            }
        }
        return true;
    }

    private void Nominate(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        foreach (ref var line in _lines.AsSpan(0, Count))
            if (Ascii.EqualsIgnoreCase(head.Slice(line.NameStart, line.NameLength), name)) line.Dropped = true;
    }
}

[Flags]
internal enum ConnectionOptions : byte
{
    None = 0,
    Close = 1,
    KeepAlive = 2,
    Upgrade = 4,
}
