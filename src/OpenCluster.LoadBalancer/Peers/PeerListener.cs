using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.OwnApi;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Peers;

/// <summary>
/// Accepts connections of peers: TLS 1.3, with a certificate on both sides whose fingerprint the snapshot lists. Who is none is shown the door
/// before a byte of a request is read.
/// </summary>
internal sealed class PeerListener : IDisposable
{
    private const int Backlog = 64;

    /// <summary>Of all peers together; each keeps one, and one for each request on its way to an app that is connected here.</summary>
    private const int MostConnections = 2000;
    private const int MostBodyBytes = 4 << 20;

    private readonly Socket _listening;
    private readonly PeerIdentity _identity;
    private readonly Func<string, Peer?> _peerOf;
    private readonly Func<Peer, IApiHandler> _handlerFor;
    private readonly TimeKeeper _keeper;
    private readonly CancellationTokenSource _stop = new();
    private int _open;
    private int _disposed;
    private long _refused;

    private PeerListener(Socket listening, PeerIdentity identity, Func<string, Peer?> peerOf, Func<Peer, IApiHandler> handlerFor, TimeKeeper keeper)
    {
        _listening = listening;
        _identity = identity;
        _peerOf = peerOf;
        _handlerFor = handlerFor;
        _keeper = keeper;
    }

    public int Port => ((IPEndPoint)_listening.LocalEndPoint!).Port;

    /// <summary>Connections refused for want of a certificate that the snapshot lists.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Listens at the port kept from the last time, else at a free one, which it then keeps.</summary>
    /// <param name="peerOf">The peer with a fingerprint, by the snapshot in use; null when there is none.</param>
    /// <exception cref="ListenException"/>
    public static PeerListener Bind(IPAddress address, string directory, PeerIdentity identity, Func<string, Peer?> peerOf, Func<Peer, IApiHandler> handlerFor, TimeKeeper keeper)
    {
        var file = Path.Combine(directory, "peer.port");
        var kept = File.Exists(file) && int.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535 ? port : 0;
        var socket = TryListen(new IPEndPoint(address, kept), out var taken) ?? (kept == 0 ? null : TryListen(new IPEndPoint(address, 0), out taken));
        if (socket is null) throw new ListenException("peers", new IPEndPoint(address, 0), taken!);
        var listener = new PeerListener(socket, identity, peerOf, handlerFor, keeper);
        if (listener.Port != kept) File.WriteAllText(file, listener.Port.ToString(CultureInfo.InvariantCulture));
        return listener;
    }

    public void Start() => _ = AcceptAsync();

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        _stop.Cancel();
        _listening.Dispose();
        _stop.Dispose();
    }

    private static Socket? TryListen(IPEndPoint at, out SocketException? taken)
    {
        var socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        taken = null;
        try
        {
            socket.ReuseAddress();
            // The process before may still have it while it drains.
            if (at.Port != 0) socket.ReusePort();
            socket.Bind(at);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException refused)
        {
            socket.Dispose();
            taken = refused;
            return null;
        }
    }

    private async Task AcceptAsync()
    {
        var stopped = _stop.Token;
        while (!stopped.IsCancellationRequested)
        {
            try
            {
                var socket = await _listening.AcceptAsync(stopped).ConfigureAwait(false);
                if (Interlocked.Increment(ref _open) > MostConnections)
                {
                    Interlocked.Decrement(ref _open);
                    socket.Dispose();
                    continue;
                }
                _ = Task.Run(() => ServeAsync(socket, stopped), CancellationToken.None);
            }
            catch (Exception ended) when (ended is ObjectDisposedException or OperationCanceledException || stopped.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException)
            {
                // One that left the queue, or no descriptors left: a pause lets some come free.
                await Task.Delay(TimeSpan.FromMilliseconds(50), _keeper.Time, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async Task ServeAsync(Socket socket, CancellationToken stopped)
    {
        try
        {
            socket.NoDelay = true;
            var from = new ClientFacts((IPEndPoint)socket.RemoteEndPoint!, isSecure: true);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopped);
            await using var timer = _keeper.Time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), limit, Limits.Head, Timeout.InfiniteTimeSpan).ConfigureAwait(false);
            var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await using var closing = tls.ConfigureAwait(false);
            Peer? peer = null;
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificate = _identity.Certificate,
                    ClientCertificateRequired = true,
                    EnabledSslProtocols = SslProtocols.Tls13,
                    RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null && (peer = _peerOf(PeerIdentity.FingerprintOf(shown))) is not null,
                },
                limit.Token).ConfigureAwait(false);
            var connection = new ApiConnection(new StreamTransport(socket, tls), from, _handlerFor(peer!), _keeper, MostBodyBytes);
            await using var stopping = stopped.Register(connection.Close).ConfigureAwait(false);
            await connection.ServeAsync().ConfigureAwait(false);
        }
        catch (Exception refused) when (refused is AuthenticationException or OperationCanceledException || Loss.Is(refused))
        {
            // No peer of ours, or one that has lost its way; it will say so itself.
            Interlocked.Increment(ref _refused);
            socket.Dispose();
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}
