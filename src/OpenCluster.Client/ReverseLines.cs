using System.Net;
using System.Net.Sockets;

namespace OpenCluster.Client;

/// <summary>
/// Connections opened to every load-balancer for requests to this app, so that it needs no open port. What comes over one is handed to the
/// app's own port on this machine. When one is in use another is opened, up to <see cref="MostPerBalancer"/>.
/// </summary>
internal sealed class ReverseLines : IAsyncDisposable
{
    /// <summary>Load-balancers take no more of one app.</summary>
    private const int MostPerBalancer = 32;

    /// <summary>Waiting for a request, at each load-balancer.</summary>
    private const int Spare = 2;
    private const int BufferBytes = 16 * 1024;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly Balancers _balancers;
    private readonly Func<string> _url;
    private readonly int _port;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _keeping;

    public ReverseLines(Balancers balancers, Func<string> url, int port, TimeProvider time)
    {
        _balancers = balancers;
        _url = url;
        _port = port;
        _time = time;
        _keeping = Task.Run(KeepAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task KeepAsync()
    {
        var ends = new Dictionary<string, Task>(StringComparer.Ordinal);
        while (!_stop.IsCancellationRequested)
        {
            // Load-balancers may become known later.
            foreach (var balancer in _balancers.InOrder)
                if (!ends.ContainsKey(balancer.Authority)) ends.Add(balancer.Authority, Task.Run(() => KeepAtAsync(balancer)));
            await Task.Delay(Pause, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(ends.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task KeepAtAsync(Uri balancer)
    {
        using var spare = new SemaphoreSlim(Spare);
        using var room = new SemaphoreSlim(MostPerBalancer);
        while (!_stop.IsCancellationRequested)
        {
            await room.WaitAsync(_stop.Token).ConfigureAwait(false);
            await spare.WaitAsync(_stop.Token).ConfigureAwait(false);
            Stream line;
            try
            {
                line = await Upgraded.OpenAsync(balancer, _url() + "/connections", _balancers.Token, "opencluster-reverse", _stop.Token).ConfigureAwait(false);
            }
            catch (Exception away) when (away is IOException or SocketException)
            {
                // It is away, or knows us no more until we have registered anew: both end by themselves.
                spare.Release();
                room.Release();
                await Task.Delay(Pause, _time, _stop.Token).ConfigureAwait(false);
                continue;
            }
            _ = ServeAsync(line, spare, room);
        }
    }

    private async Task ServeAsync(Stream line, SemaphoreSlim spare, SemaphoreSlim room)
    {
        var waits = true;
        try
        {
            await using var closing = line.ConfigureAwait(false);
            await using var stopping = _stop.Token.Register(line.Dispose).ConfigureAwait(false);
            var first = new byte[BufferBytes];
            var count = await line.ReadAsync(first, _stop.Token).ConfigureAwait(false);
            waits = false;
            Release(spare);
            if (count == 0) return;

            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, _port, _stop.Token).ConfigureAwait(false);
            using var app = new NetworkStream(socket);
            await app.WriteAsync(first.AsMemory(0, count), _stop.Token).ConfigureAwait(false);
            // Either side's end is the end: what serves HTTP has then answered whole.
            await Task.WhenAny(line.CopyToAsync(app, _stop.Token), app.CopyToAsync(line, _stop.Token)).ConfigureAwait(false);
        }
        catch (Exception ended) when (ended is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The load-balancer, the app or we have ended it; another connection takes its place.
        }
        finally
        {
            if (waits) Release(spare);
            Release(room);
        }
    }

    private static void Release(SemaphoreSlim places)
    {
        try
        {
            places.Release();
        }
        catch (ObjectDisposedException)
        {
            // We stop; nobody waits for the place any more.
        }
    }
}
