using System.Text;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Http2.Hpack;

namespace OpenCluster.LoadBalancer.Http2.Messages;

/// <summary>Writes HTTP/1.1 heads, parsed already, as field blocks: names in lower case, without what belongs to a connection (RFC 9113 §8.2.2).</summary>
internal static class HeadEncoder
{
    private const ulong NotForHttp2 = FieldIds.HopByHop | 1UL << (int)FieldId.TransferEncoding;

    /// <param name="switches">A 101, which is a 200 to an extended CONNECT (RFC 8441 §5), where the accepted key of a WebSocket has no place.</param>
    public static void Answer(FrameBuffer to, HpackEncoder encoder, ResponseHead head, ReadOnlySpan<byte> bytes, bool switches)
    {
        Begin(to, encoder);
        var status = switches ? 200 : head.Status;
        var known = status switch { 200 => 8, 204 => 9, 206 => 10, 304 => 11, 400 => 12, 404 => 13, 500 => 14, _ => 0 };
        Span<byte> digits = [(byte)('0' + status / 100), (byte)('0' + status / 10 % 10), (byte)('0' + status % 10)];
        var room = to.Free(HpackEncoder.Overhead);
        to.Advance(known > 0 ? HpackEncoder.Encode(room, known) : HpackEncoder.Encode(room, StaticTable.Status, digits));
        Lines(to, encoder, head.Fields, bytes, NotForHttp2, switches ? "sec-websocket-accept"u8 : default);
    }

    /// <param name="protocol">What an upgrade asks for, then sent as extended CONNECT (RFC 8441); empty for ordinary requests.</param>
    public static void Request(FrameBuffer to, HpackEncoder encoder, RequestHead head, ReadOnlySpan<byte> bytes, bool isSecure, ReadOnlySpan<byte> protocol)
    {
        Begin(to, encoder);
        if (!protocol.IsEmpty)
        {
            Field(to, StaticTable.MethodGet, "CONNECT"u8);
            Field(to, encoder, ":protocol"u8, protocol, false);
        }
        else if (head.Method is RequestMethod.Get or RequestMethod.Post)
        {
            Known(to, head.Method == RequestMethod.Get ? StaticTable.MethodGet : StaticTable.MethodPost);
        }
        else
        {
            Field(to, StaticTable.MethodGet, bytes[..head.MethodLength]);
        }
        Known(to, isSecure ? StaticTable.SchemeHttps : StaticTable.SchemeHttp);
        var target = head.Target(bytes);
        if (target.Length == 1 && target[0] == '/') Known(to, StaticTable.Path);
        else Field(to, encoder, ":path"u8, target, false);
        Field(to, encoder, ":authority"u8, head.Host(bytes), false);
        Lines(to, encoder, head.Fields, bytes, NotForHttp2 | FieldIds.Bit(FieldId.Host), default);
        // Trailers pass through here, and gRPC servers refuse who does not say so.
        Field(to, encoder, "te"u8, "trailers"u8, false);
    }

    /// <summary>Field lines as they follow the last chunk, each with its CRLF.</summary>
    public static void Trailers(FrameBuffer to, HpackEncoder encoder, ReadOnlySpan<byte> lines)
    {
        Begin(to, encoder);
        while (!lines.IsEmpty)
        {
            var end = lines.IndexOf("\r\n"u8);
            var colon = lines.IndexOf((byte)':');
            Field(to, encoder, lines[..colon], Grammar.Trim(lines[(colon + 1)..end]), false);
            lines = lines[(end + 2)..];
        }
    }

    private static void Begin(FrameBuffer to, HpackEncoder encoder) => to.Advance(encoder.Begin(to.Free(HpackEncoder.Overhead)));

    private static void Lines(FrameBuffer to, HpackEncoder encoder, Fields fields, ReadOnlySpan<byte> bytes, ulong without, ReadOnlySpan<byte> withoutName)
    {
        foreach (ref readonly var line in fields.Lines)
        {
            if (line.Dropped || (without & FieldIds.Bit(line.Id) & ~1UL) != 0) continue;
            var name = bytes.Slice(line.NameStart, line.NameLength);
            if (!withoutName.IsEmpty && Ascii.EqualsIgnoreCase(name, withoutName)) continue;
            Field(to, encoder, name, bytes.Slice(line.ValueStart, line.ValueLength), line.Id == FieldId.Other && IsSecret(name));
        }
    }

    private static bool IsSecret(ReadOnlySpan<byte> name) => name.Length switch
    {
        6 => Ascii.EqualsIgnoreCase(name, "cookie"u8),
        10 => Ascii.EqualsIgnoreCase(name, "set-cookie"u8),
        13 => Ascii.EqualsIgnoreCase(name, "authorization"u8),
        19 => Ascii.EqualsIgnoreCase(name, "proxy-authorization"u8),
        _ => false,
    };

    private static void Known(FrameBuffer to, int index) => to.Advance(HpackEncoder.Encode(to.Free(HpackEncoder.Overhead), index));

    private static void Field(FrameBuffer to, int staticName, ReadOnlySpan<byte> value) =>
        to.Advance(HpackEncoder.Encode(to.Free(value.Length + HpackEncoder.Overhead), staticName, value));

    private static void Field(FrameBuffer to, HpackEncoder encoder, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool isSecret)
    {
        Span<byte> lower = name.Length <= 128 ? stackalloc byte[128] : new byte[name.Length];
        lower = lower[..name.Length];
        Ascii.ToLower(name, lower, out _);
        to.Advance(encoder.Encode(to.Free(name.Length + value.Length + HpackEncoder.Overhead), lower, value, isSecret));
    }
}
