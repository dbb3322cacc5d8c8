using System.Net;
using System.Net.Sockets;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>Accepts connections at one address, until stopped.</summary>
internal sealed class PortListener : IDisposable
{
    /// <summary>Connections the kernel holds until they are accepted; it may know a lower limit (net.core.somaxconn).</summary>
    private const int Backlog = 4096;

    /// <summary>Kept from the garbage collector, which would close them.</summary>
    private static readonly List<Socket> HandedOver = [];

    private readonly Stages _stages;
    private readonly Acceptor _acceptor;

    private PortListener(string name, Socket socket, Stages stages)
    {
        Name = name;
        Socket = socket;
        _stages = stages;
        EndPoint = (IPEndPoint)socket.LocalEndPoint!;
        _acceptor = new Acceptor(socket, (transport, from) => stages.Connections.Serve(transport, () => Begin(transport, from)), stages.Time);
    }

    public string Name { get; }
    public IPEndPoint EndPoint { get; }
    public Socket Socket { get; }

    /// <summary>Times accepting failed, mostly for want of file descriptors.</summary>
    public long Failures => _acceptor.Failures;

    /// <exception cref="ListenException">With what to do about it.</exception>
    public static PortListener Bind(string name, IPEndPoint at, Stages stages)
    {
        var socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.ReuseAddress();
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

    public void Start() => _acceptor.Start();

    /// <summary>Stops accepting, and leaves the socket to the process that has it too.</summary>
    /// <remarks>
    /// It stays open here until this process ends. To close it would not be harmless: .NET makes a socket blocking before it closes it, which
    /// the other process shares, and whose event loop would then stand still in accept.
    /// </remarks>
    public void HandOver()
    {
        lock (HandedOver) HandedOver.Add(Socket);
        _acceptor.Stop();
    }

    /// <summary>Stops accepting and closes. Who has connected already is still served: the kernel would reset them.</summary>
    public void Dispose()
    {
        _acceptor.Stop();
        _acceptor.Empty();
        Socket.Dispose();
    }

    private ClientConnection Begin(Transport transport, IPEndPoint from) => new(transport, new ClientFacts(from, isSecure: false), _stages);
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
