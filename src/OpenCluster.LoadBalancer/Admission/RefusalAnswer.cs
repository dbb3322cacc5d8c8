using System.Text;
using OpenCluster.Decisions.Admission;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Admission;

/// <summary>Answers to requests that are not let in, mostly written beforehand: refusing must cost less than asking.</summary>
internal sealed class RefusalAnswer
{
    private static readonly RefusalAnswer[] Answers = [.. Enum.GetValues<Refusal>().Select(r => new RefusalAnswer(r))];

    private readonly int _status;
    private readonly string _reason;
    private readonly byte[] _head;
    private readonly byte[] _page;

    private RefusalAnswer(Refusal refusal)
    {
        _status = refusal.Status();
        _reason = "not let in: " + refusal.Word();
        _page = Encoding.ASCII.GetBytes($"{_status} {LocalAnswer.Title(_status)}\n{Sentence(refusal)}\n");
        _head = Encoding.ASCII.GetBytes($"HTTP/1.1 {_status} {LocalAnswer.Title(_status)}\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
            + $"{(_status is 429 or 503 ? "Retry-After: 1\r\n" : "")}Content-Length: {_page.Length}\r\n");
    }

    public static ValueTask SendAsync(ClientConnection client, Refusal refusal) => Answers[(int)refusal].SendAsync(client);

    private async ValueTask SendAsync(ClientConnection client)
    {
        var exchange = client.Exchange;
        exchange.Status = _status;
        exchange.Reason = _reason;
        exchange.Close |= !exchange.IsBodyRead || exchange.Head.IsHttp10;
        var to = new ByteWriter();
        to.Open();
        try
        {
            to.Write(_head);
            to.Write(client.Stages.Date.Line);
            if (exchange.Close) to.Write("Connection: close\r\n"u8);
            to.Write("\r\n"u8);
            if (exchange.Head.Method != RequestMethod.Head) to.Write(_page);
            await client.SendAsync(to.Written).ConfigureAwait(false);
        }
        finally
        {
            to.Release();
        }
    }

    private static string Sentence(Refusal refusal) => refusal switch
    {
        Refusal.PlainHttp => "Use https.",
        Refusal.Certificate => "A client certificate is needed here.",
        Refusal.HeadSize => "The request has more headers than are taken here.",
        Refusal.ClientRate or Refusal.ClientAtOnce => "Slow down.",
        Refusal.RouteRate or Refusal.RouteAtOnce => "Please try again in a moment.",
        _ => "Not from here.",
    };
}
