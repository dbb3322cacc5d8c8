namespace OpenCluster.Resp;

/// <summary>
/// The words of an inline command: separated by blanks; "…" with \n \r \t \b \a \xHH and \ before anything else, '…' with \' alone.
/// </summary>
internal static class InlineWords
{
    /// <summary>The next word, unescaped in place. False at the end, and when quotes are unbalanced: <paramref name="at"/> is -1 then.</summary>
    public static bool TryNext(Span<byte> line, ref int at, out Slice word)
    {
        word = default;
        while (at < line.Length && IsBlank(line[at])) at++;
        if (at >= line.Length) return false;
        var start = at;
        var length = 0;
        while (at < line.Length && !IsBlank(line[at]))
        {
            var octet = line[at];
            if (octet is (byte)'"' or (byte)'\'')
            {
                at++;
                if (!Quoted(line, ref at, octet, start, ref length)) return Unbalanced(out at);
                continue;
            }
            line[start + length++] = octet;
            at++;
        }
        word = new Slice(start, length);
        return true;
    }

    private static bool Quoted(Span<byte> line, ref int at, byte quote, int start, ref int length)
    {
        while (at < line.Length)
        {
            var octet = line[at];
            if (octet == quote)
            {
                at++;
                // A closing quote ends the word.
                return at >= line.Length || IsBlank(line[at]);
            }
            if (octet == (byte)'\\' && at + 1 < line.Length)
                octet = quote == (byte)'"' ? Escaped(line, ref at) : line[at + 1] == (byte)'\'' ? line[++at] : octet;
            line[start + length++] = octet;
            at++;
        }
        return false;
    }

    /// <summary>What the escape at <paramref name="at"/> stands for; leaves <paramref name="at"/> on its last byte.</summary>
    private static byte Escaped(ReadOnlySpan<byte> line, ref int at)
    {
        if (at + 3 < line.Length && line[at + 1] == (byte)'x' && char.IsAsciiHexDigit((char)line[at + 2]) && char.IsAsciiHexDigit((char)line[at + 3]))
        {
            at += 3;
            return (byte)(Hex(line[at - 1]) << 4 | Hex(line[at]));
        }
        return line[++at] switch
        {
            (byte)'n' => (byte)'\n',
            (byte)'r' => (byte)'\r',
            (byte)'t' => (byte)'\t',
            (byte)'b' => (byte)'\b',
            (byte)'a' => (byte)'\a',
            var other => other,
        };
    }

    private static int Hex(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static bool Unbalanced(out int at)
    {
        at = -1;
        return false;
    }

    private static bool IsBlank(byte octet) => octet is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\v' or (byte)'\f' or (byte)'\n' or 0;
}
