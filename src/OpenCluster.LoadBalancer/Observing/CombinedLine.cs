using System.Globalization;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Http2.Streams;
using OpenCluster.LoadBalancer.Listening;

namespace OpenCluster.LoadBalancer.Observing;

/// <summary>
/// A request in the "combined" format of Apache's mod_log_config, which every analyser of logs reads:
/// <c>192.0.2.7 - - [10/Oct/2026:13:55:36 +0000] "GET /x HTTP/1.1" 200 2326 "referer" "user agent"</c>. What is not plain is <c>\xhh</c>.
/// </summary>
internal static class CombinedLine
{
    private const int TextBytes = 768;

    public static int Write(ClientConnection client, DateTimeOffset now, Span<byte> line)
    {
        var exchange = client.Exchange;
        var head = exchange.Head;
        var bytes = client.HeadBytes;
        var known = head.Error == HeadError.None;
        var to = new LineWriter(line);
        to.Ascii(client.Facts.RemoteText);
        to.Raw(" - - ["u8);
        to.Ascii(now.ToString("dd/MMM/yyyy:HH:mm:ss +0000", CultureInfo.InvariantCulture));
        to.Raw("] \""u8);
        if (known)
        {
            Text(ref to, bytes[..head.MethodLength]);
            to.Raw(" "u8);
            Text(ref to, head.Target(bytes));
            to.Raw(client.Transport is ServedStream ? " HTTP/2.0"u8 : head.IsHttp10 ? " HTTP/1.0"u8 : " HTTP/1.1"u8);
        }
        else
        {
            to.Raw("-"u8);
        }
        to.Raw("\" "u8);
        to.Number(exchange.Status);
        to.Raw(" "u8);
        to.Number(exchange.BytesOut);
        to.Raw(" \""u8);
        Text(ref to, known ? head.Fields.Value(bytes, "referer"u8) : default);
        to.Raw("\" \""u8);
        Text(ref to, known ? head.Fields.Value(bytes, "user-agent"u8) : default);
        to.Raw("\"\n"u8);
        return to.Length;
    }

    private static void Text(ref LineWriter to, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty) to.Raw("-"u8);
        else to.Text(text, TextBytes, "\\x"u8);
    }
}
