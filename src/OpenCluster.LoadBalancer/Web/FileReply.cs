using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Web;

/// <summary>Answers a client with a file: whole, a range of it, compressed, or that it is unchanged (RFC 9110 §13, §14).</summary>
internal static class FileReply
{
    /// <summary>A client that takes less than this in <see cref="Admission.Limits.SendSilence"/> is too slow.</summary>
    private const int PieceBytes = 256 * 1024;

    /// <param name="status">200, or 404 with a page: that is always sent whole, since a client must not keep it in a file's place.</param>
    public static async ValueTask SendAsync(ClientConnection client, WebFile found, int status = 200)
    {
        var to = new ByteWriter();
        to.Open();
        try
        {
            var file = found.For(client.Exchange.Head.Fields.Value(client.HeadBytes, FieldId.AcceptEncoding));
            var range = Head(client, file, status, to);
            var sendsBody = client.Exchange.Status is not 304 and not 416 && client.Exchange.Head.Method == RequestMethod.Get;
            if (sendsBody && file.Bytes is { } bytes) to.Write(bytes.AsSpan((int)range.First, (int)range.Length));
            await client.SendAsync(to.Written).ConfigureAwait(false);
            if (sendsBody && file.Bytes is null) await SendFromDiskAsync(client, file, range).ConfigureAwait(false);
        }
        finally
        {
            to.Release();
        }
    }

    private static ByteRange Head(ClientConnection client, WebFile file, int status, ByteWriter to)
    {
        var exchange = client.Exchange;
        var fields = exchange.Head.Fields;
        var bytes = client.HeadBytes;
        var range = new ByteRange(RangeKind.Whole, 0, file.Length);
        exchange.Status = status;
        if (status == 200 && Conditions.IsUnchanged(file.EntityTag, file.Modified, fields, bytes))
        {
            exchange.Status = 304;
            to.Write("HTTP/1.1 304 Not Modified\r\n"u8);
        }
        else
        {
            if (status == 200 && fields.Has(FieldId.Range) && Conditions.IfRangeHolds(file.EntityTag, file.Modified, fields.Value(bytes, FieldId.IfRange)))
            {
                range = ByteRange.Of(fields.Value(bytes, FieldId.Range), file.Length);
                exchange.Status = range.Kind switch { RangeKind.Part => 206, RangeKind.Unsatisfiable => 416, _ => 200 };
            }
            to.Write(exchange.Status switch
            {
                206 => "HTTP/1.1 206 Partial Content\r\nContent-Length: "u8,
                416 => "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: "u8,
                404 => "HTTP/1.1 404 Not Found\r\nContent-Length: "u8,
                _ => "HTTP/1.1 200 OK\r\nContent-Length: "u8,
            });
            to.Write(range.Length);
            to.Write("\r\n"u8);
            if (range.Kind != RangeKind.Whole) range.WriteField(to, file.Length);
        }
        to.Write(file.Fields);
        to.Write(client.Stages.Date.Line);
        if (exchange.Close) to.Write("Connection: close\r\n"u8);
        else if (exchange.Head.IsHttp10) to.Write("Connection: keep-alive\r\n"u8);
        to.Write("\r\n"u8);
        return range;
    }

    private static async ValueTask SendFromDiskAsync(ClientConnection client, WebFile file, ByteRange range)
    {
        using var handle = File.OpenHandle(file.Path, options: FileOptions.SequentialScan);
        for (long sent = 0; sent < range.Length;)
        {
            var piece = (int)Math.Min(PieceBytes, range.Length - sent);
            if (!await client.SendFileAsync(handle, range.First + sent, piece).ConfigureAwait(false))
            {
                // It has become shorter since its length was sent: the client must not take the part for the whole.
                client.Exchange.Reason = "the file shrank while it was sent";
                client.Exchange.Close = true;
                client.Abort();
                return;
            }
            sent += piece;
        }
    }
}
