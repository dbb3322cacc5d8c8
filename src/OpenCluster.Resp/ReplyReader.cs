using System.Buffers.Text;

namespace OpenCluster.Resp;

/// <summary>The peer sent what is no reply, or more than it may.</summary>
public sealed class RespException(string message) : Exception(message);

/// <summary>Reads replies, for whoever is a client.</summary>
public static class ReplyReader
{
    /// <summary>Reads one reply from the start of <paramref name="input"/>; false: more bytes are needed.</summary>
    /// <exception cref="RespException">It is no reply, or larger or deeper than <paramref name="limits"/> allow.</exception>
    public static bool TryRead(ReadOnlySpan<byte> input, RespLimits limits, out RespValue value, out int consumed)
    {
        ArgumentNullException.ThrowIfNull(limits);
        consumed = 0;
        return TryRead(input, ref consumed, limits, 0, out value);
    }

    private static bool TryRead(ReadOnlySpan<byte> input, ref int at, RespLimits limits, int depth, out RespValue value)
    {
        value = RespValue.Null;
        if (depth > limits.MaxDepth) throw new RespException($"A reply nests deeper than {limits.MaxDepth}.");
        var line = input[at..].IndexOf("\r\n"u8);
        if (line < 0) return input.Length - at <= limits.MaxLineBytes ? false : throw new RespException($"A line of a reply is longer than {limits.MaxLineBytes} bytes.");
        if (line == 0) throw new RespException("An empty line stands where a reply should.");
        var marker = input[at];
        var text = input.Slice(at + 1, line - 1);
        at += line + 2;
        switch (marker)
        {
            case (byte)'+': return Text(RespKind.Simple, text, out value);
            case (byte)'-': return Text(RespKind.Error, text, out value);
            case (byte)',': return Text(RespKind.Double, text, out value);
            case (byte)'(': return Text(RespKind.BigNumber, text, out value);
            case (byte)':': return Number(RespKind.Integer, Length(text), out value);
            case (byte)'#': return Number(RespKind.Boolean, text is [(byte)'t'] ? 1 : 0, out value);
            case (byte)'_': return true;
            case (byte)'$': return TryBulk(RespKind.Bulk, input, ref at, Length(text), limits, out value);
            case (byte)'=': return TryBulk(RespKind.Verbatim, input, ref at, Length(text), limits, out value);
            case (byte)'*': return TryItems(RespKind.Array, input, ref at, Length(text), limits, depth, out value);
            case (byte)'~': return TryItems(RespKind.Set, input, ref at, Length(text), limits, depth, out value);
            case (byte)'>': return TryItems(RespKind.Push, input, ref at, Length(text), limits, depth, out value);
            case (byte)'%': return TryItems(RespKind.Map, input, ref at, Length(text) * 2, limits, depth, out value);
            default: throw new RespException($"A reply begins with byte {marker}.");
        }
    }

    private static bool Text(RespKind kind, ReadOnlySpan<byte> text, out RespValue value)
    {
        value = new RespValue(kind, text.ToArray(), [], 0);
        return true;
    }

    private static bool Number(RespKind kind, long number, out RespValue value)
    {
        value = new RespValue(kind, [], [], number);
        return true;
    }

    private static bool TryBulk(RespKind kind, ReadOnlySpan<byte> input, ref int at, long length, RespLimits limits, out RespValue value)
    {
        value = RespValue.Null;
        if (length == -1) return true;
        if (length < 0 || length > limits.MaxArgumentBytes) throw new RespException($"A reply announces {length} bytes; {limits.MaxArgumentBytes} are allowed.");
        if (input.Length - at < length + 2) return false;
        value = new RespValue(kind, input.Slice(at, (int)length).ToArray(), [], 0);
        at += (int)length + 2;
        return true;
    }

    private static bool TryItems(RespKind kind, ReadOnlySpan<byte> input, ref int at, long count, RespLimits limits, int depth, out RespValue value)
    {
        value = RespValue.Null;
        if (count == -1) return true;
        if (count < 0 || count > limits.MaxArguments) throw new RespException($"A reply announces {count} items; {limits.MaxArguments} are allowed.");
        // Room grows with what comes, not with what was announced.
        var items = new List<RespValue>();
        for (var i = 0; i < count; i++)
        {
            if (!TryRead(input, ref at, limits, depth + 1, out var item)) return false;
            items.Add(item);
        }
        value = new RespValue(kind, [], items, 0);
        return true;
    }

    private static long Length(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out long number, out var used) && used == text.Length ? number : throw new RespException("A reply announces what is no number.");
}
