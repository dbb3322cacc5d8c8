using System.Net.Sockets;

namespace OpenCluster.LoadBalancer.Sockets;

/// <summary>A stream over a socket: TLS, whose handshake is over.</summary>
internal sealed class StreamTransport(Socket socket, Stream stream) : Transport
{
    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => stream.ReadAsync(buffer);

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => stream.WriteAsync(bytes);

    public override bool HasInput => socket.Poll(0, SelectMode.SelectRead);

    /// <summary>The other side would take the end of sending for the end of all: TLS as .NET has it cannot be half closed and go on.</summary>
    public override void EndSending() => socket.Shutdown(SocketShutdown.Send);

    public override void Abort()
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            // Already gone: what the reset was to bring about.
        }
        Dispose();
    }

    public override void Dispose() => socket.Dispose();
}
