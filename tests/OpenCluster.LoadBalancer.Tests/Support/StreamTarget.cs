using System.Net;
using System.Net.Sockets;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Tests.Support;

/// <summary>A server of TCP that does with each connection what the test says. Closed when that is done.</summary>
internal sealed class StreamTarget : IAsyncDisposable
{
    private readonly Socket _listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Func<Socket, Task> _serve;

    public StreamTarget(Func<Socket, Task> serve, int port = 0)
    {
        _serve = serve;
        _listening.ReuseAddress();
        _listening.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listening.Listen(512);
        Port = ((IPEndPoint)_listening.LocalEndPoint!).Port;
        _ = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Sends back what comes, until the client ends; then it ends too.</summary>
    public static StreamTarget Echo(string prefix = "") => new(async socket =>
    {
        var buffer = new byte[65536];
        if (prefix.Length > 0) await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(prefix));
        while (await socket.ReceiveAsync(buffer) is var count and > 0)
            for (var sent = 0; sent < count;) sent += await socket.SendAsync(buffer.AsMemory(sent, count - sent));
    });

    public ValueTask DisposeAsync()
    {
        _listening.Dispose();
        return default;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listening.AcceptAsync());
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var served = socket;
        socket.NoDelay = true;
        try
        {
            await _serve(socket);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
        }
    }
}
