using System.Buffers.Text;
using System.Globalization;

namespace OpenCluster.LoadBalancer.Observing.Tracing;

/// <summary>Which trace a request belongs to, and what its part of it here is called. The empty one: it is not traced.</summary>
/// <param name="High">The trace's id, first half.</param>
/// <param name="Parent">The span at the client; 0 when the trace begins here.</param>
/// <param name="Span">This one, which the target's will have as its parent.</param>
internal readonly record struct TraceContext(ulong High, ulong Low, ulong Parent, ulong Span)
{
    /// <summary><c>00-</c>, 32 digits, <c>-</c>, 16 digits, <c>-</c>, 2 digits.</summary>
    private const int FieldLength = 55;

    public bool IsActive => Span != 0;

    public string TraceId => string.Create(CultureInfo.InvariantCulture, $"{High:x16}{Low:x16}");

    /// <summary>
    /// Reads <c>traceparent</c> (W3C Trace Context §3.2). False when it is none: then a trace would begin here. Later versions are read as this one, as
    /// the specification wants it.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> field, ulong span, out TraceContext context, out bool isSampled)
    {
        context = default;
        isSampled = false;
        if (field.Length < FieldLength || field[2] != '-' || field[35] != '-' || field[52] != '-'
            || !Hex(field[..2], out var version) || version == 0xFF || (version == 0 && field.Length > FieldLength)
            || !Hex(field[3..19], out var high) || !Hex(field[19..35], out var low) || !Hex(field[36..52], out var parent) || !Hex(field[53..55], out var flags)
            || (high | low) == 0 || parent == 0)
            return false;
        context = new TraceContext(high, low, parent, span);
        isSampled = (flags & 1) != 0;
        return true;
    }

    /// <summary>In lower case alone, as the specification has it.</summary>
    private static bool Hex(ReadOnlySpan<byte> digits, out ulong value)
    {
        value = 0;
        return !digits.ContainsAnyInRange((byte)'A', (byte)'F') && Utf8Parser.TryParse(digits, out value, out var read, 'x') && read == digits.Length;
    }
}
