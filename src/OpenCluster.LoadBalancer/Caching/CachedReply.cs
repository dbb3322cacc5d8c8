using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.LoadBalancer.Web;

namespace OpenCluster.LoadBalancer.Caching;

/// <summary>Answers a client from what is kept: whole, a range of it, or that it is unchanged; with its age (RFC 9111 §5.1) and what the cache did (RFC 9211).</summary>
internal static class CachedReply
{
    /// <summary>Bodies up to this are sent together with their head.</summary>
    private const int OneSendBytes = 16 * 1024;

    /// <param name="status">The parameters of Cache-Status, such as <c>hit</c>.</param>
    public static async ValueTask SendAsync(ClientConnection client, StoredAnswer answer, long nowMs, ReadOnlyMemory<byte> status)
    {
        var to = new ByteWriter();
        to.Open();
        try
        {
            var range = Head(client, answer, nowMs, status.Span, to);
            var sendsBody = client.Exchange.Status is not 304 and not 416 && client.Exchange.Head.Method == RequestMethod.Get;
            var body = sendsBody ? answer.Body.AsMemory((int)range.First, (int)range.Length) : default;
            if (body.Length <= OneSendBytes)
            {
                to.Write(body.Span);
                body = default;
            }
            await client.SendAsync(to.Written).ConfigureAwait(false);
            if (!body.IsEmpty) await client.SendAsync(body).ConfigureAwait(false);
        }
        finally
        {
            to.Release();
        }
    }

    private static ByteRange Head(ClientConnection client, StoredAnswer answer, long nowMs, ReadOnlySpan<byte> status, ByteWriter to)
    {
        var exchange = client.Exchange;
        var fields = exchange.Head.Fields;
        var bytes = client.HeadBytes;
        var range = new ByteRange(RangeKind.Whole, 0, answer.Body.Length);
        exchange.Status = answer.Status;
        exchange.Reason = null;
        var line = answer.Head.AsSpan().IndexOf("\r\n"u8) + 2;
        if (answer.Status == 200 && Conditions.IsUnchanged(answer.EntityTag, answer.Modified, fields, bytes))
        {
            exchange.Status = 304;
            to.Write("HTTP/1.1 304 Not Modified\r\n"u8);
        }
        else
        {
            if (answer.Status == 200 && exchange.Head.Method == RequestMethod.Get && fields.Has(FieldId.Range)
                && Conditions.IfRangeHolds(answer.EntityTag, answer.Modified, fields.Value(bytes, FieldId.IfRange)))
                range = ByteRange.Of(fields.Value(bytes, FieldId.Range), answer.Body.Length);
            exchange.Status = range.Kind switch { RangeKind.Part => 206, RangeKind.Unsatisfiable => 416, _ => answer.Status };
            to.Write(range.Kind switch
            {
                RangeKind.Part => "HTTP/1.1 206 Partial Content\r\n"u8,
                RangeKind.Unsatisfiable => "HTTP/1.1 416 Range Not Satisfiable\r\n"u8,
                _ => answer.Head.AsSpan(0, line),
            });
            // RFC 9110 §8.6: a 204 has no length.
            if (answer.Status != 204)
            {
                to.Write("Content-Length: "u8);
                to.Write(range.Length);
                to.Write("\r\n"u8);
            }
            if (range.Kind != RangeKind.Whole) range.WriteField(to, answer.Body.Length);
        }
        to.Write(answer.Head.AsSpan(line));
        to.Write("Age: "u8);
        to.Write(answer.AgeAt(nowMs) / 1000);
        to.Write("\r\nCache-Status: OpenCluster; "u8);
        to.Write(status);
        to.Write("\r\n"u8);
        if (exchange.Close) to.Write("Connection: close\r\n"u8);
        else if (exchange.Head.IsHttp10) to.Write("Connection: keep-alive\r\n"u8);
        to.Write("\r\n"u8);
        return range;
    }
}
