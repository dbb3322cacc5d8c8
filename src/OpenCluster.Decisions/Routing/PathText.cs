namespace OpenCluster.Decisions.Routing;

/// <summary>
/// A path as routes compare it: percent-encoded ASCII decoded (RFC 3986 §6.2.2.2), so that <c>/%61dmin</c> is <c>/admin</c> for an
/// exception too. <c>%2F</c> stays as it is: it is data in a segment, not a boundary. Other bytes stand for themselves.
/// </summary>
public static class PathText
{
    /// <summary>A declared path as prefixes are compared: without the slash at its end; the root is empty.</summary>
    public static string Prefix(string path) => path.TrimEnd('/');

    /// <summary>Returns the length; never longer than the path.</summary>
    public static int Decode(ReadOnlySpan<byte> path, Span<char> text)
    {
        var length = 0;
        for (var i = 0; i < path.Length; i++)
        {
            if (TryEscape(path, i, out var decoded))
            {
                text[length++] = decoded;
                i += 2;
            }
            else
            {
                text[length++] = (char)path[i];
            }
        }
        return length;
    }

    /// <summary>How many bytes of the path its first <paramref name="decoded"/> characters took.</summary>
    public static int EncodedLength(ReadOnlySpan<byte> path, int decoded)
    {
        var at = 0;
        for (; decoded > 0; decoded--) at += TryEscape(path, at, out _) ? 3 : 1;
        return at;
    }

    private static bool TryEscape(ReadOnlySpan<byte> path, int at, out char decoded)
    {
        decoded = default;
        if (path[at] != '%' || at + 2 >= path.Length) return false;
        var (high, low) = (Hex(path[at + 1]), Hex(path[at + 2]));
        if (high is < 0 or > 7 || low < 0) return false;
        decoded = (char)(high << 4 | low);
        return decoded is not ('/' or '%') && !char.IsControl(decoded);
    }

    private static int Hex(byte digit) =>
        char.IsAsciiHexDigit((char)digit) ? digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10 : -1;
}
