using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Web;

internal enum RangeKind : byte { Whole, Part, Unsatisfiable }

/// <summary>A Range header of one range of bytes (RFC 9110 §14.1.2). Several ranges, other units and nonsense are ignored, which the RFC allows.</summary>
internal readonly record struct ByteRange(RangeKind Kind, long First, long Length)
{
    /// <summary>The Content-Range line of a part, or of the refusal of one (RFC 9110 §14.4).</summary>
    public void WriteField(ByteWriter to, long size)
    {
        to.Write("Content-Range: bytes "u8);
        if (Kind == RangeKind.Part)
        {
            to.Write(First);
            to.Write("-"u8);
            to.Write(First + Length - 1);
        }
        else
        {
            to.Write("*"u8);
        }
        to.Write("/"u8);
        to.Write(size);
        to.Write("\r\n"u8);
    }

    public static ByteRange Of(ReadOnlySpan<byte> header, long size)
    {
        var whole = new ByteRange(RangeKind.Whole, 0, size);
        if (!header.StartsWith("bytes="u8)) return whole;
        var text = Grammar.Trim(header[6..]);
        var dash = text.IndexOf((byte)'-');
        if (dash < 0 || text.Contains((byte)',')) return whole;
        var from = text[..dash];
        var to = text[(dash + 1)..];
        if (from.IsEmpty)
        {
            if (!Grammar.TryLength(to, out var last)) return whole;
            if (last == 0 || size == 0) return new ByteRange(RangeKind.Unsatisfiable, 0, 0);
            last = Math.Min(last, size);
            return new ByteRange(RangeKind.Part, size - last, last);
        }

        if (!Grammar.TryLength(from, out var first)) return whole;
        var end = size - 1;
        if (!to.IsEmpty && (!Grammar.TryLength(to, out end) || end < first)) return whole;
        if (first >= size) return new ByteRange(RangeKind.Unsatisfiable, 0, 0);
        return new ByteRange(RangeKind.Part, first, Math.Min(end, size - 1) - first + 1);
    }
}
