using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OpenCluster.LoadBalancer.Tests.Support;

/// <summary>A server of UDP that answers each datagram with its own name before it.</summary>
internal sealed class DatagramTarget : IAsyncDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly string _name;

    public DatagramTarget(string name)
    {
        _name = name;
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Port = ((IPEndPoint)_socket.LocalEndPoint!).Port;
        _ = AnswerAsync();
    }

    public int Port { get; }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return default;
    }

    private async Task AnswerAsync()
    {
        var buffer = new byte[65536];
        try
        {
            while (true)
            {
                var got = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                await _socket.SendToAsync(Encoding.Latin1.GetBytes(_name + Encoding.Latin1.GetString(buffer, 0, got.ReceivedBytes)), got.RemoteEndPoint);
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
        }
    }
}

/// <summary>A client of UDP that asks and waits for the answer.</summary>
internal sealed class DatagramClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public DatagramClient(int port) => Socket.Connect(IPAddress.Loopback, port);

    public Socket Socket { get; } = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    public async Task<string> AskAsync(string text)
    {
        await Socket.SendAsync(Encoding.Latin1.GetBytes(text));
        return await ReadAsync();
    }

    public async Task<string> ReadAsync()
    {
        var buffer = new byte[65536];
        using var patience = new CancellationTokenSource(Patience);
        return Encoding.Latin1.GetString(buffer, 0, await Socket.ReceiveAsync(buffer, patience.Token));
    }

    public void Dispose() => Socket.Dispose();
}
