using System.Text;
using OpenCluster.Decisions.Admission;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;

namespace OpenCluster.LoadBalancer.Admission;

/// <summary>Answers to requests that are not let in, written once: refusing must cost less than asking.</summary>
internal sealed class RefusalAnswer
{
    private static readonly RefusalAnswer[] Answers = [.. Enum.GetValues<Refusal>().Select(r => new RefusalAnswer(r))];

    private readonly int _status;
    private readonly string _reason;
    private readonly byte[] _keep;
    private readonly byte[] _close;
    private readonly int _keepHead;
    private readonly int _closeHead;

    private RefusalAnswer(Refusal refusal)
    {
        _status = refusal.Status();
        _reason = "not let in: " + refusal.Word();
        var page = $"{_status} {LocalAnswer.Title(_status)}\n{Sentence(refusal)}\n";
        var head = $"HTTP/1.1 {_status} {LocalAnswer.Title(_status)}\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
            + $"{(_status is 429 or 503 ? "Retry-After: 1\r\n" : "")}Content-Length: {page.Length}\r\n";
        _keep = Encoding.ASCII.GetBytes(head + "\r\n" + page);
        _close = Encoding.ASCII.GetBytes(head + "Connection: close\r\n\r\n" + page);
        (_keepHead, _closeHead) = (_keep.Length - page.Length, _close.Length - page.Length);
    }

    public static ValueTask SendAsync(ClientConnection client, Refusal refusal) => Answers[(int)refusal].SendAsync(client);

    private ValueTask SendAsync(ClientConnection client)
    {
        var exchange = client.Exchange;
        exchange.Status = _status;
        exchange.Reason = _reason;
        exchange.Close |= !exchange.IsBodyRead || exchange.Head.IsHttp10;
        var (bytes, head) = exchange.Close ? (_close, _closeHead) : (_keep, _keepHead);
        return client.SendAsync(exchange.Head.Method == RequestMethod.Head ? bytes.AsMemory(0, head) : bytes);
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
