using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Relaying;

/// <summary>
/// Datagrams at one address. Those of one client address and port are a session and go to one target; what that answers goes back from the
/// address they were sent to. Nothing waits: what the kernel does not take at once is dropped and counted, as networks do.
/// </summary>
internal sealed class DatagramListener : PortListener
{
    /// <summary>The largest datagram of IP.</summary>
    public const int MaxBytes = 65_535;

    private readonly ConcurrentDictionary<SocketAddress, DatagramSession> _sessions = new();
    private readonly CancellationTokenSource _stop = new();
    private int _count;
    private long _failures;

    /// <summary>Goes on with a socket another process handed over. Its sessions stay with that: answers under way come from there.</summary>
    public DatagramListener(Socket bound, Stages stages) : base(bound, stages)
    {
        // For what is sent: where the kernel has no room an answer is dropped, instead of holding up a thread.
        bound.Blocking = false;
    }

    public static DatagramListener Bind(Listener plan, Stages stages)
    {
        var at = new IPEndPoint(IPAddress.Parse(plan.Address), plan.Port);
        var socket = new Socket(at.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (at.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = false;
            socket.Bind(at);
            return new DatagramListener(socket, stages);
        }
        catch (SocketException refused)
        {
            socket.Dispose();
            throw new ListenException(plan.Name, at, refused, isUdp: true);
        }
    }

    /// <summary>To a client, from the address it wrote to. False when the kernel did not take it.</summary>
    public bool TrySend(ReadOnlySpan<byte> datagram, SocketAddress client)
    {
        try
        {
            return Socket.SendTo(datagram, SocketFlags.None, client) == datagram.Length;
        }
        catch (Exception lost) when (Loss.Is(lost))
        {
            return false;
        }
    }

    public void Ended(DatagramSession session)
    {
        if (_sessions.TryRemove(new(session.Client, session))) Interlocked.Decrement(ref _count);
    }

    public override long Failures => Interlocked.Read(ref _failures);

    /// <summary>Sessions go on until they are silent: answers to what was passed on come here.</summary>
    public override void HandOver()
    {
        base.HandOver();
        _stop.Cancel();
    }

    public override void Dispose()
    {
        _stop.Cancel();
        foreach (var session in _sessions.Values) session.Close();
        Socket.Dispose();
        _stop.Dispose();
    }

    protected override void Run() => _ = ReceiveAsync(_stop.Token);

    private async Task ReceiveAsync(CancellationToken stopped)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(MaxBytes, pinned: true);
        var from = new SocketAddress(EndPoint.AddressFamily);
        while (!stopped.IsCancellationRequested)
        {
            try
            {
                var count = await Socket.ReceiveFromAsync(buffer, SocketFlags.None, from, stopped).ConfigureAwait(false);
                Pass(buffer.AsMemory(0, count), from);
            }
            catch (Exception ended) when (ended is ObjectDisposedException or OperationCanceledException || stopped.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException)
            {
                // A client's ICMP error for an earlier answer: of no concern to others.
                Interlocked.Increment(ref _failures);
            }
        }
    }

    private void Pass(ReadOnlyMemory<byte> datagram, SocketAddress from)
    {
        if (!_sessions.TryGetValue(from, out var session) || !session.IsUsable)
        {
            session?.Close();
            if (Open(from) is not { } opened) return;
            session = opened;
        }
        session.Send(datagram);
    }

    private DatagramSession? Open(SocketAddress from)
    {
        if (Stages.Streams.Find(Plan.Name) is not { } route)
        {
            Counters.CountFailure(GreetingFailure.NoRoute);
            return null;
        }
        if (Volatile.Read(ref _count) >= Limits.DatagramSessions)
        {
            Counters.CountFailure(GreetingFailure.TooMany);
            return null;
        }
        var at = (IPEndPoint)EndPoint.Create(from);
        if (!route.Connections.TryEnter(at.Address, Stages.Time.GetTimestamp(), out var key)) return null;
        if (Stages.PoolOf(route).Take(ConnectionDraw.Of(at.Address), []) is not { } slot)
        {
            route.Connections.Leave(key);
            route.Memory.Connections.CountFailed();
            return null;
        }
        var client = new SocketAddress(from.Family, from.Size);
        from.Buffer.Span[..from.Size].CopyTo(client.Buffer.Span);
        var session = new DatagramSession(this, client, route, slot, key, Stages);
        _sessions[client] = session;
        Interlocked.Increment(ref _count);
        Counters.CountAccepted();
        Stages.Connections.Serve(session);
        return session;
    }
}
