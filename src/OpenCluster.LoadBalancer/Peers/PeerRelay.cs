using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Peers;

/// <summary>A connection to an app that is connected to a peer and not to us: the peer passes on what we send.</summary>
internal sealed class PeerRelay(Peer peer, string registration, PeerIdentity identity) : Transport
{
    public const string Path = "/v1/peers/lines/";
    public const string Protocol = "opencluster-line";
    private const int HeadBytes = 1024;

    private readonly CancellationTokenSource _closed = new();
    private Transport? _line;

    public override async ValueTask OpenAsync()
    {
        try
        {
            var (socket, stream) = await PeerTls.ConnectAsync(peer, identity, _closed.Token).ConfigureAwait(false);
            _line = new StreamTransport(socket, stream);
            if (_closed.IsCancellationRequested) _line.Dispose();
            await _line.SendAsync(Encoding.ASCII.GetBytes($"GET {Path}{registration} HTTP/1.1\r\nHost: peer\r\nConnection: Upgrade\r\nUpgrade: {Protocol}\r\n\r\n")).ConfigureAwait(false);
            await ReadSwitchAsync(_line).ConfigureAwait(false);
        }
        catch (OperationCanceledException closed)
        {
            throw new ObjectDisposedException("the connection by a peer was given up", closed);
        }
        catch (AuthenticationException stranger)
        {
            throw new IOException($"peer {peer.Balancer}: {stranger.Message}", stranger);
        }
    }

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => Line.ReceiveAsync(buffer);

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => Line.SendAsync(bytes);

    public override bool HasInput => Line.HasInput;

    public override void EndSending() => Line.EndSending();

    public override void Abort()
    {
        _line?.Abort();
        Dispose();
    }

    public override void Dispose()
    {
        _closed.Cancel();
        _line?.Dispose();
    }

    private Transport Line => _line ?? throw new ObjectDisposedException(nameof(PeerRelay));

    private static async ValueTask ReadSwitchAsync(Transport line)
    {
        var head = new ResponseHead();
        var buffer = new byte[HeadBytes];
        // A byte at a time at the end: what follows the head is the app's and must stay for whoever uses this.
        for (var filled = 0; filled < HeadBytes;)
        {
            var count = await line.ReceiveAsync(buffer.AsMemory(filled, 1)).ConfigureAwait(false);
            if (count == 0) break;
            filled += count;
            if (buffer[filled - 1] != '\n' || head.Parse(buffer.AsSpan(0, filled), toHead: false) != HeadStatus.Complete) continue;
            if (head.Status == 101) return;
            break;
        }
        throw new SocketException((int)SocketError.ConnectionRefused);
    }
}
