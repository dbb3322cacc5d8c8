using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>Accepts connections of TCP at one address. What is spoken on them is up to <see cref="Front"/>.</summary>
internal sealed class StreamListener : PortListener
{
    /// <summary>Connections the kernel holds until they are accepted; it may know a lower limit (net.core.somaxconn).</summary>
    private const int Backlog = 4096;

    private readonly Acceptor _acceptor;

    private readonly ClientConnectionCounts _clients = new();
    private volatile Networks _proxies = new([]);

    /// <summary>What is said to one connection too many.</summary>
    private volatile Func<byte[]> _words = static () => [];
    private Func<SocketTransport, IPEndPoint, AcceptedConnection> _begin = static (_, _) => throw new InvalidOperationException("no snapshot says what is spoken here");

    /// <summary>Goes on with a listening socket, bound by <see cref="Bind"/> or in another process.</summary>
    public StreamListener(Socket listening, Stages stages) : base(listening, stages) => _acceptor = new Acceptor(listening, Serve, stages.Time);

    /// <summary>Times accepting failed, mostly for want of file descriptors.</summary>
    public override long Failures => _acceptor.Failures;

    /// <exception cref="ListenException">With what to do about it.</exception>
    public static StreamListener Bind(Listener plan, Stages stages)
    {
        var at = new IPEndPoint(IPAddress.Parse(plan.Address), plan.Port);
        var socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.ReuseAddress();
            // 0.0.0.0 and :: are two listeners, so that each can be given or left out.
            if (at.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = false;
            socket.Bind(at);
            socket.Listen(Backlog);
            return new StreamListener(socket, stages);
        }
        catch (SocketException refused)
        {
            socket.Dispose();
            throw new ListenException(plan.Name, at, refused);
        }
    }

    public override void Use(Listener plan)
    {
        base.Use(plan);
        Volatile.Write(ref _begin, Front.For(this, plan, Stages));
        _proxies = new Networks(plan.ProxyFrom);
        _words = plan.Protocol == ListenerProtocol.Http ? Full : static () => [];
    }

    public override void HandOver()
    {
        base.HandOver();
        _acceptor.Stop();
    }

    /// <summary>Who has connected already is still served: the kernel would reset them.</summary>
    public override void Dispose()
    {
        _acceptor.Stop();
        if (IsStarted) _acceptor.Empty();
        Socket.Dispose();
    }

    protected override void Run() => _acceptor.Start();

    private byte[] Full() => Closing("503 Service Unavailable");

    private byte[] Closing(string status) => Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nRetry-After: 2\r\nConnection: close\r\nContent-Length: 0\r\n{Encoding.ASCII.GetString(Stages.Date.Line)}\r\n");

    private void Serve(SocketTransport accepted, IPEndPoint from)
    {
        Counters.CountAccepted();
        Action? ended = null;
        if (Plan.ConnectionsPerClient is { } most && !_proxies.Contains(from.Address))
        {
            if (!_clients.TryEnter(from.Address, most))
            {
                Counters.CountFailure(GreetingFailure.TooManyOfOne);
                ConnectionSet.TurnAway(accepted, Plan.Protocol == ListenerProtocol.Http ? Closing("429 Too Many Requests") : []);
                return;
            }
            ended = () => _clients.Leave(from.Address);
        }
        Stages.Connections.Serve(accepted, () => Volatile.Read(ref _begin)(accepted, from), _words, ended);
    }
}
