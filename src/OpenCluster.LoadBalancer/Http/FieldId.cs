using System.Text;

namespace OpenCluster.LoadBalancer.Http;

/// <summary>Field names the load-balancer acts on. Everything else is <see cref="Other"/> and passes.</summary>
internal enum FieldId : byte
{
    Other, Host, Connection, ContentLength, TransferEncoding, Expect, Upgrade, KeepAlive, ProxyConnection, Te, Trailer, Forwarded,
    XForwardedFor, XForwardedProto, XForwardedHost, XRequestId, IfNoneMatch, IfModifiedSince, IfRange, Range, AcceptEncoding, Date,
    ClientCert, ClientCertChain, TraceParent,
    /// <summary>See <see cref="Claims"/>.</summary>
    Claim,
}

/// <summary>A set of <see cref="FieldId"/>s as bits.</summary>
internal static class FieldIds
{
    /// <summary>Fields that end at this hop, RFC 9110 §7.6.1. Transfer-Encoding is not among them: framing is passed on as it came.</summary>
    public const ulong HopByHop = 1UL << (int)FieldId.Connection | 1UL << (int)FieldId.KeepAlive | 1UL << (int)FieldId.ProxyConnection
        | 1UL << (int)FieldId.Te | 1UL << (int)FieldId.Upgrade;

    public static ulong Bit(FieldId id) => 1UL << (int)id;

    public static FieldId Of(ReadOnlySpan<byte> name) => Known(name) is var known && known == FieldId.Other && Claims.Include(name) ? FieldId.Claim : known;

    private static FieldId Known(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 => Is(name, "te"u8, FieldId.Te),
        4 => Is(name, "host"u8, FieldId.Host, "date"u8, FieldId.Date),
        5 => Is(name, "range"u8, FieldId.Range),
        6 => Is(name, "expect"u8, FieldId.Expect),
        7 => Is(name, "upgrade"u8, FieldId.Upgrade, "trailer"u8, FieldId.Trailer),
        8 => Is(name, "if-range"u8, FieldId.IfRange),
        9 => Is(name, "forwarded"u8, FieldId.Forwarded),
        10 => Is(name, "connection"u8, FieldId.Connection, "keep-alive"u8, FieldId.KeepAlive),
        11 => Is(name, "client-cert"u8, FieldId.ClientCert, "traceparent"u8, FieldId.TraceParent),
        12 => Is(name, "x-request-id"u8, FieldId.XRequestId),
        13 => Is(name, "if-none-match"u8, FieldId.IfNoneMatch),
        14 => Is(name, "content-length"u8, FieldId.ContentLength),
        15 => Is(name, "accept-encoding"u8, FieldId.AcceptEncoding, "x-forwarded-for"u8, FieldId.XForwardedFor),
        16 => Is(name, "x-forwarded-host"u8, FieldId.XForwardedHost, "proxy-connection"u8, FieldId.ProxyConnection),
        17 when name[0] is (byte)'c' or (byte)'C' => Is(name, "client-cert-chain"u8, FieldId.ClientCertChain),
        17 => name[0] is (byte)'t' or (byte)'T'
            ? Is(name, "transfer-encoding"u8, FieldId.TransferEncoding)
            : Is(name, "if-modified-since"u8, FieldId.IfModifiedSince, "x-forwarded-proto"u8, FieldId.XForwardedProto),
        _ => FieldId.Other,
    };

    private static FieldId Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> known, FieldId id) =>
        Ascii.EqualsIgnoreCase(name, known) ? id : FieldId.Other;

    private static FieldId Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> first, FieldId firstId, ReadOnlySpan<byte> second, FieldId secondId) =>
        Ascii.EqualsIgnoreCase(name, first) ? firstId : Is(name, second, secondId);
}
