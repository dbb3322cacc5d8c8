using System.Text;

namespace OpenCluster.LoadBalancer.Http;

/// <summary>
/// Names by which proxies tell apps who the client is and what it asked for. From a client itself they are only claims, which apps would
/// believe: where it comes from, that it came by TLS, that it asked for another path than the one that was let through.
/// </summary>
internal static class Claims
{
    /// <summary>Longer names are none of these.</summary>
    private const int Longest = 32;

    private static ReadOnlySpan<byte> Forwarded => "x-forwarded"u8;

    /// <summary>
    /// Also those with <c>_</c> for <c>-</c>, of which apps behind CGI and its heirs cannot tell the difference; so for these, framing fields count
    /// as well.
    /// </summary>
    public static bool Include(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > Longest) return false;
        if (!name.Contains((byte)'_')) return IsKnown(name);
        Span<byte> dashed = stackalloc byte[name.Length];
        name.Replace(dashed, (byte)'_', (byte)'-');
        return IsKnown(dashed) || FieldIds.Of(dashed) != FieldId.Other;
    }

    private static bool IsKnown(ReadOnlySpan<byte> name) => (name[0] | 0x20) switch
    {
        'x' => name.Length > Forwarded.Length && Ascii.EqualsIgnoreCase(name[..Forwarded.Length], Forwarded)
            || IsOneOf(name, "x-forwarded"u8, "x-real-ip"u8, "x-client-ip"u8, "x-cluster-client-ip"u8, "x-remote-ip"u8, "x-remote-addr"u8)
            || IsOneOf(name, "x-originating-ip"u8, "x-original-url"u8, "x-original-uri"u8, "x-original-host"u8, "x-rewrite-url"u8, "x-host"u8)
            || IsOneOf(name, "x-scheme"u8, "x-url-scheme"u8, "x-azure-clientip"u8, "x-envoy-external-address"u8),
        't' => IsOneOf(name, "true-client-ip"u8),
        'c' => IsOneOf(name, "cf-connecting-ip"u8, "cf-connecting-ipv6"u8, "client-ip"u8),
        'f' => IsOneOf(name, "fastly-client-ip"u8, "front-end-https"u8, "forwarded-for"u8),
        'r' => IsOneOf(name, "remote-addr"u8),
        _ => false,
    };

    private static bool IsOneOf(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b = default, ReadOnlySpan<byte> c = default, ReadOnlySpan<byte> d = default,
        ReadOnlySpan<byte> e = default, ReadOnlySpan<byte> f = default) =>
        Ascii.EqualsIgnoreCase(name, a) || Ascii.EqualsIgnoreCase(name, b) || Ascii.EqualsIgnoreCase(name, c)
        || Ascii.EqualsIgnoreCase(name, d) || Ascii.EqualsIgnoreCase(name, e) || Ascii.EqualsIgnoreCase(name, f);
}
