using System.Net;
using System.Net.Sockets;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>Accepts connections at one address, until stopped.</summary>
internal sealed class PortListener : IDisposable
{
    /// <summary>Connections the kernel holds until they are accepted; it may know a lower limit (net.core.somaxconn).</summary>
    private const int Backlog = 4096;

    private readonly Stages _stages;
    private int _stopped;
    private long _failures;

    private PortListener(string name, Socket socket, Stages stages)
    {
        Name = name;
        Socket = socket;
        _stages = stages;
        EndPoint = (IPEndPoint)socket.LocalEndPoint!;
    }

    public string Name { get; }
    public IPEndPoint EndPoint { get; }
    public Socket Socket { get; }

    /// <summary>Times accepting failed, mostly for want of file descriptors.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <exception cref="ListenException">With what to do about it.</exception>
    public static PortListener Bind(string name, IPEndPoint at, Stages stages)
    {
        var socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(at);
            socket.Listen(Backlog);
            return new PortListener(name, socket, stages);
        }
        catch (SocketException refused)
        {
            socket.Dispose();
            throw new ListenException(name, at, refused);
        }
    }

    /// <summary>Goes on with a listening socket another process handed over.</summary>
    public static PortListener Take(string name, Socket listening, Stages stages) => new(name, listening, stages);

    public void Start() => _ = AcceptAsync();

    /// <summary>Stops accepting. The socket itself goes on when another process has it too.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 0) Socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (Volatile.Read(ref _stopped) == 0)
        {
            try
            {
                _stages.Connections.Serve(await Socket.AcceptAsync().ConfigureAwait(false), _stages);
            }
            catch (Exception stopped) when (stopped is ObjectDisposedException || Volatile.Read(ref _stopped) != 0)
            {
                return;
            }
            catch (SocketException)
            {
                // A client that left the queue, or no descriptors left: a pause lets some come free instead of spinning.
                Interlocked.Increment(ref _failures);
                await Task.Delay(TimeSpan.FromMilliseconds(10), _stages.Time).ConfigureAwait(false);
            }
        }
    }
}

/// <summary>An address cannot be listened at.</summary>
public sealed class ListenException(string listener, IPEndPoint at, SocketException cause) : Exception(Text(listener, at, cause), cause)
{
    private static string Text(string listener, IPEndPoint at, SocketException cause) => cause.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse =>
            $"Listener \"{listener}\" cannot have {at}: another process listens there. See which with `ss -ltnp 'sport = :{at.Port}'`, stop it, or give the listener another port.",
        SocketError.AccessDenied =>
            $"Listener \"{listener}\" cannot have {at}: ports below 1024 need root or CAP_NET_BIND_SERVICE. Use a higher port, or run as root.",
        SocketError.AddressNotAvailable =>
            $"Listener \"{listener}\" cannot have {at}: this machine has no such address. See which it has with `ip address`.",
        _ => $"Listener \"{listener}\" cannot have {at}: {cause.Message}.",
    };
}
