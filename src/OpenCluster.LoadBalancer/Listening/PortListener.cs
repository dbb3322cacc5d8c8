using System.Net;
using System.Net.Sockets;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>
/// A bound socket of one address, for connections (<see cref="StreamListener"/>) or datagrams. Its life: bound, or taken over from another
/// process → <see cref="Use"/> → <see cref="Start"/> → handed over or disposed. <see cref="Use"/> may come again with every snapshot.
/// </summary>
internal abstract class PortListener : IDisposable
{
    /// <summary>Kept from the garbage collector, which would close them.</summary>
    private static readonly List<Socket> HandedOver = [];

    private int _started;

    protected PortListener(Socket socket, Stages stages)
    {
        Socket = socket;
        Stages = stages;
        EndPoint = (IPEndPoint)socket.LocalEndPoint!;
    }

    /// <summary>What the snapshot in use says of it.</summary>
    public Listener Plan { get; private set; } = new("", 0);

    public string Name => Plan.Name;
    public IPEndPoint EndPoint { get; }
    public Socket Socket { get; }
    public ListenerCounters Counters { get; private set; } = new();
    public ListenerKey Key => new(Socket.SocketType == SocketType.Dgram, EndPoint.Address.ToString(), EndPoint.Port);
    protected Stages Stages { get; }

    /// <summary>It has accepted since it was bound or taken over.</summary>
    protected bool IsStarted => Volatile.Read(ref _started) != 0;

    /// <summary>Times taking what came failed.</summary>
    public abstract long Failures { get; }

    /// <summary>From the next connection on it is like this.</summary>
    public virtual void Use(Listener plan)
    {
        Plan = plan;
        Counters = Stages.ListenerCounters.Of(plan.Name);
    }

    public void Start()
    {
        if (Interlocked.Exchange(ref _started, 1) == 0) Run();
    }

    /// <summary>Stops accepting, and leaves the socket to the process that has it too.</summary>
    /// <remarks>
    /// It stays open here until this process ends. To close it would not be harmless: .NET makes a socket blocking before it closes it, which
    /// the other process shares, and whose event loop would then stand still in accept.
    /// </remarks>
    public virtual void HandOver()
    {
        lock (HandedOver) HandedOver.Add(Socket);
    }

    /// <summary>Stops accepting and closes.</summary>
    public abstract void Dispose();

    /// <summary>Begins to accept.</summary>
    protected abstract void Run();
}

/// <summary>What tells listeners apart across snapshots and processes.</summary>
internal readonly record struct ListenerKey(bool IsUdp, string Address, int Port)
{
    public static ListenerKey Of(Listener plan) => new(plan.Protocol == ListenerProtocol.Udp, IPAddress.Parse(plan.Address).ToString(), plan.Port);
}

/// <summary>An address cannot be listened at.</summary>
public sealed class ListenException(string listener, IPEndPoint at, SocketException cause, bool isUdp = false) : Exception(Text(listener, at, cause, isUdp), cause)
{
    private static string Text(string listener, IPEndPoint at, SocketException cause, bool isUdp) => cause.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse =>
            $"Listener \"{listener}\" cannot have {at}: another process listens there. See which with `ss -l{(isUdp ? 'u' : 't')}np 'sport = :{at.Port}'`, stop it, or give the listener another port.",
        SocketError.AccessDenied =>
            $"Listener \"{listener}\" cannot have {at}: ports below 1024 need root or CAP_NET_BIND_SERVICE. Use a higher port, or run as root.",
        SocketError.AddressNotAvailable =>
            $"Listener \"{listener}\" cannot have {at}: this machine has no such address. See which it has with `ip address`.",
        _ => $"Listener \"{listener}\" cannot have {at}: {cause.Message}.",
    };
}
