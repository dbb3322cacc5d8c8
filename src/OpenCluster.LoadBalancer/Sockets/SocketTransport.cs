using System.Net;
using System.Net.Sockets;

namespace OpenCluster.LoadBalancer.Sockets;

/// <summary>A plain TCP connection.</summary>
internal sealed class SocketTransport : Transport
{
    private readonly Socket _socket;
    private readonly IPEndPoint? _to;

    /// <param name="accepted">Connected already; its own from here on.</param>
    public SocketTransport(Socket accepted) => _socket = accepted;

    /// <summary>One still to be opened.</summary>
    public SocketTransport(IPEndPoint to)
    {
        _to = to;
        _socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    }

    public override ValueTask OpenAsync() => _to is null ? default : new ValueTask(_socket.ConnectAsync(_to));

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => _socket.ReceiveAsync(buffer, SocketFlags.None);

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _socket.SendAllAsync(bytes);

    public override bool HasInput => _socket.Poll(0, SelectMode.SelectRead);

    public override void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    public override void Abort()
    {
        try
        {
            _socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            // Already gone: what the reset was to bring about.
        }
        Dispose();
    }

    public override void Dispose() => _socket.Dispose();
}
