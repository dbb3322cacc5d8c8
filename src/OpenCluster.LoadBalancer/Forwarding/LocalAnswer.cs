using System.Text;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Forwarding;

/// <summary>Answers the balancer gives itself: short, plain, and saying what is the matter.</summary>
internal static class LocalAnswer
{
    private const int RetryAfterSeconds = 2;

    /// <param name="reason">For the log, and below 500 for the client too.</param>
    /// <param name="fields">Further header lines, each with its CRLF.</param>
    /// <param name="html">Shown instead of the line of text; empty for that.</param>
    public static async ValueTask SendAsync(ClientConnection client, int status, string reason, string fields = "", string html = "")
    {
        var exchange = client.Exchange;
        exchange.Status = status;
        exchange.Close |= !exchange.IsBodyRead;
        exchange.Reason = reason;
        // What targets said or where they are is for the log, not for strangers.
        var told = status >= 500 ? "Please try again in a moment." : Sentence(reason);
        if (client.IsAskedByGrpc)
        {
            await client.SendAsync(GrpcStatus.Answer(status, told, client.Stages.Date)).ConfigureAwait(false);
            return;
        }
        var page = html.Length > 0 ? Encoding.UTF8.GetBytes(html) : Encoding.ASCII.GetBytes($"{status} {Title(status)}\n{told}\n");
        var to = new ByteWriter();
        to.Open();
        try
        {
            to.Write("HTTP/1.1 "u8);
            to.Write(status);
            to.Write(" "u8);
            to.Write(Encoding.ASCII.GetBytes(Title(status)));
            to.Write("\r\nContent-Type: text/"u8);
            to.Write(html.Length > 0 ? "html"u8 : "plain"u8);
            to.Write("; charset=utf-8\r\nCache-Control: no-store\r\nContent-Length: "u8);
            to.Write(page.Length);
            to.Write("\r\n"u8);
            to.Write(client.Stages.Date.Line);
            to.Write(Encoding.ASCII.GetBytes(fields));
            if (status == 503)
            {
                to.Write("Retry-After: "u8);
                to.Write(RetryAfterSeconds);
                to.Write("\r\n"u8);
            }
            if (exchange.Close) to.Write("Connection: close\r\n"u8);
            else if (exchange.Head.IsHttp10) to.Write("Connection: keep-alive\r\n"u8);
            to.Write("\r\n"u8);
            if (exchange.Head.Error != HeadError.None || exchange.Head.Method != RequestMethod.Head) to.Write(page);
            await client.SendAsync(to.Written).ConfigureAwait(false);
        }
        finally
        {
            to.Release();
        }
    }

    public static string Title(int status) => status switch
    {
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "Error",
    };

    private static string Sentence(string reason) => char.ToUpperInvariant(reason[0]) + reason[1..] + ".";
}
