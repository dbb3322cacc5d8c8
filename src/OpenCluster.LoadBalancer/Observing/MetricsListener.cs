using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model;

namespace OpenCluster.LoadBalancer.Observing;

/// <summary>
/// <c>/metrics</c> for Prometheus, <c>/healthz</c>, and <c>/targets</c> as JSON, on an address of their own. One request per connection, one
/// connection at a time: who asks is a scraper, and a second one may wait for the first.
/// </summary>
internal sealed class MetricsListener : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Balancer _balancer;
    private readonly string _instanceId;
    private readonly Socket _listening;
    private readonly CancellationTokenSource _stop = new();

    private MetricsListener(Socket listening, Balancer balancer, string instanceId)
    {
        _listening = listening;
        _balancer = balancer;
        _instanceId = instanceId;
    }

    /// <summary>Shares the port with the process before, which may still have it while it drains.</summary>
    /// <exception cref="Listening.ListenException"/>
    public static MetricsListener Bind(IPEndPoint at, Balancer balancer, string instanceId)
    {
        var socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.ReuseAddress();
            socket.ReusePort();
            socket.Bind(at);
            socket.Listen(16);
            return new MetricsListener(socket, balancer, instanceId);
        }
        catch (SocketException refused)
        {
            socket.Dispose();
            throw new Listening.ListenException("metrics", at, refused);
        }
    }

    public void Start() => _ = AcceptAsync();

    public void Dispose()
    {
        _stop.Cancel();
        _listening.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var stopped = _stop.Token;
        while (!stopped.IsCancellationRequested)
        {
            try
            {
                using var socket = await _listening.AcceptAsync(stopped).ConfigureAwait(false);
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopped);
                await using var timer = _balancer.Keeper.Time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), patience, Patience, Timeout.InfiniteTimeSpan).ConfigureAwait(false);
                await AnswerAsync(socket, patience.Token).ConfigureAwait(false);
            }
            catch (Exception gone) when (gone is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The scraper left or was too slow; or we stop, which the loop sees.
            }
        }
    }

    private async Task AnswerAsync(Socket socket, CancellationToken ct)
    {
        var head = new RequestHead();
        var buffer = new byte[4096];
        var filled = 0;
        HeadStatus status;
        while ((status = head.Parse(buffer.AsSpan(0, filled))) == HeadStatus.NeedMore && filled < buffer.Length)
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory(filled), SocketFlags.None, ct).ConfigureAwait(false);
            if (count == 0) return;
            filled += count;
        }
        if (status != HeadStatus.Complete) return;

        var (code, type, body) = Encoding.ASCII.GetString(head.Path(buffer)) switch
        {
            "/metrics" => ("200 OK", "text/plain; version=0.0.4", MetricsText.Of(_balancer)),
            "/healthz" => _balancer.Stages.IsDraining ? ("503 Service Unavailable", "text/plain", "draining\n") : ("200 OK", "text/plain", "ok\n"),
            "/targets" => ("200 OK", "application/json", JsonSerializer.Serialize(_balancer.Report(_instanceId), ModelJson.Default.BalancerReport)),
            var page when _balancer.Pages.TryGetValue(page, out var more) => ("200 OK", "application/json", more()),
            _ => ("404 Not Found", "text/plain", "Here are /metrics, /healthz, /targets and /registrations.\n"),
        };
        var bytes = Encoding.UTF8.GetBytes(body);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {code}\r\nContent-Type: {type}\r\nContent-Length: {bytes.Length}\r\nConnection: close\r\n\r\n"), ct).ConfigureAwait(false);
        for (var sent = 0; sent < bytes.Length;) sent += await socket.SendAsync(bytes.AsMemory(sent), ct).ConfigureAwait(false);
        socket.Shutdown(SocketShutdown.Both);
    }
}
