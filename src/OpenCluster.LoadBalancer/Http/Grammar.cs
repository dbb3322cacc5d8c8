using System.Buffers;

namespace OpenCluster.LoadBalancer.Http;

/// <summary>Character sets of RFC 9110 §5.6 and RFC 9112, for vectorized searches.</summary>
internal static class Grammar
{
    /// <summary>Controls that may not stand in a head, among them CR and LF, which end its lines. TAB is allowed.</summary>
    public static readonly SearchValues<byte> ControlsButTab = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Where(c => c != '\t').Select(c => (byte)c), 127]);

    /// <summary>tchar, RFC 9110 §5.6.2: methods and field names.</summary>
    public static readonly SearchValues<byte> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>Visible ASCII without <c>#</c>: what a request target may consist of on the wire. Stricter than needed for path characters, never looser.</summary>
    public static readonly SearchValues<byte> Target = SearchValues.Create(
        [.. Enumerable.Range(0x21, 0x7F - 0x21).Where(c => c != '#').Select(c => (byte)c)]);

    /// <summary>uri-host and port without user information: no <c>@</c>, no slash, no blank.</summary>
    public static readonly SearchValues<byte> Host = SearchValues.Create(
        "-._~%!$&'()*+;=:[]0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(Token);

    /// <summary>Without the blanks and tabs around it (OWS).</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty && text[0] is (byte)' ' or (byte)'\t') text = text[1..];
        while (!text.IsEmpty && text[^1] is (byte)' ' or (byte)'\t') text = text[..^1];
        return text;
    }

    /// <summary>Digits only, at most 18 of them: no sign, no blank, no list. RFC 9110 §8.6.</summary>
    public static bool TryLength(ReadOnlySpan<byte> text, out long length)
    {
        length = 0;
        if (text.IsEmpty || text.Length > 18) return false;
        foreach (var digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9') return false;
            length = length * 10 + (digit - '0');
        }
        return true;
    }
}
