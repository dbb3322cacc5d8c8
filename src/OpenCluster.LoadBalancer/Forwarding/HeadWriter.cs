using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Forwarding;

/// <summary>Writes heads for the next hop: what ends at this hop left out, what the balancer knows added, everything else byte for byte.</summary>
internal static class HeadWriter
{
    /// <summary>
    /// X-Forwarded-*, Forwarded and Client-Cert of clients are replaced, not extended, and the like dropped: they are only claims, and apps
    /// believe them.
    /// </summary>
    private const ulong NotForTargets = FieldIds.HopByHop | 1UL << (int)FieldId.Expect | 1UL << (int)FieldId.Forwarded
        | 1UL << (int)FieldId.XForwardedFor | 1UL << (int)FieldId.XForwardedProto | 1UL << (int)FieldId.XForwardedHost
        | 1UL << (int)FieldId.ClientCert | 1UL << (int)FieldId.ClientCertChain | 1UL << (int)FieldId.Claim;

    /// <param name="forwarded">The lines that tell of the client: X-Forwarded-For and -Proto.</param>
    public static void Request(ByteWriter to, Exchange exchange, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> forwarded)
    {
        var head = exchange.Head;
        to.Write(bytes[..(head.MethodLength + 1)]);
        var target = head.Target(bytes);
        if (exchange.Matcher is { ChangesPath: true } matcher)
        {
            target = target[exchange.StripLength..];
            to.Write(matcher.Rewrite.Span);
            if (matcher.Rewrite.IsEmpty && (target.IsEmpty || target[0] != '/')) to.Write("/"u8);
        }
        to.Write(target);
        to.Write(" HTTP/1.1\r\n"u8);

        var without = head.Upgrades ? NotForTargets & ~FieldIds.Bit(FieldId.Upgrade) : NotForTargets;
        if (exchange.Trace.IsActive)
        {
            without |= FieldIds.Bit(FieldId.TraceParent);
            to.Write("traceparent: 00-"u8);
            to.WriteHex(exchange.Trace.High, 16);
            to.WriteHex(exchange.Trace.Low, 16);
            to.Write("-"u8);
            to.WriteHex(exchange.Trace.Span, 16);
            to.Write("-01\r\n"u8);
        }
        Copy(to, head.Fields, bytes, exchange.Watcher is null ? without : without | exchange.Watcher.DroppedFields);
        if (exchange.Watcher is not null) to.Write(exchange.Watcher.AddedFields);
        if (head.Upgrades) to.Write("Connection: Upgrade\r\n"u8);
        to.Write(forwarded);
        if (head.HostLength > 0)
        {
            to.Write("X-Forwarded-Host: "u8);
            to.Write(head.Host(bytes));
            to.Write("\r\n"u8);
        }
        else
        {
            to.Write("Host: localhost\r\n"u8);
        }
        if (!head.Fields.Has(FieldId.XRequestId))
        {
            to.Write("X-Request-Id: "u8);
            to.WriteHex(exchange.Id, 16);
            to.Write("\r\n"u8);
        }
        to.Write("\r\n"u8);
    }

    /// <param name="date">For a target that has no clock, or does not say.</param>
    public static void Response(ByteWriter to, Exchange exchange, ResponseHead head, ReadOnlySpan<byte> bytes, DateField date, bool chunk, bool unchunk)
    {
        // HTTP/1.1 even to HTTP/1.0 clients and from HTTP/1.0 targets: the version is each hop's own, RFC 9110 §6.2.
        to.Write("HTTP/1.1"u8);
        to.Write(bytes[8..head.LineLength]);
        Copy(to, head.Fields, bytes, unchunk ? FieldIds.HopByHop | FieldIds.Bit(FieldId.TransferEncoding) | FieldIds.Bit(FieldId.Trailer) : FieldIds.HopByHop);
        if (!head.Fields.Has(FieldId.Date)) to.Write(date.Line);
        if (exchange.AnswerFields is { } added) to.Write(added);
        if (exchange.Watcher is { } watcher) to.Write(watcher.AnswerFields);
        if (chunk) to.Write("Transfer-Encoding: chunked\r\n"u8);
        if (exchange.Close) to.Write("Connection: close\r\n"u8);
        else if (exchange.Head.IsHttp10) to.Write("Connection: keep-alive\r\n"u8);
        to.Write("\r\n"u8);
    }

    /// <summary>An interim response (103), or the 101 that ends HTTP on a connection, whose Upgrade is then kept.</summary>
    public static void Interim(ByteWriter to, ResponseHead head, ReadOnlySpan<byte> bytes)
    {
        to.Write("HTTP/1.1"u8);
        to.Write(bytes[8..head.LineLength]);
        var switches = head.Status == 101;
        Copy(to, head.Fields, bytes, switches ? FieldIds.HopByHop & ~FieldIds.Bit(FieldId.Upgrade) : FieldIds.HopByHop);
        if (switches) to.Write("Connection: Upgrade\r\n"u8);
        to.Write("\r\n"u8);
    }

    /// <summary>Copies the lines that stay, neighbours in one go.</summary>
    private static void Copy(ByteWriter to, Fields fields, ReadOnlySpan<byte> bytes, ulong without)
    {
        var lines = fields.Lines;
        var from = 0;
        while (from < lines.Length)
        {
            if (Drops(lines[from], without))
            {
                from++;
                continue;
            }
            var until = from + 1;
            while (until < lines.Length && !Drops(lines[until], without)) until++;
            to.Write(bytes[lines[from].NameStart..lines[until - 1].End]);
            from = until;
        }
    }

    private static bool Drops(in FieldLine line, ulong without) => line.Dropped || (without & FieldIds.Bit(line.Id) & ~1UL) != 0;
}
