using System.Buffers;
using System.Net;
using System.Net.Sockets;
using OpenCluster.Decisions.Targets;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Routing;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Relaying;

/// <summary>The datagrams between one client address and one target, until none has come for the route's idle time.</summary>
internal sealed class DatagramSession : AcceptedConnection
{
    private readonly DatagramListener _listener;
    private readonly RouteEntry _route;
    private readonly TargetSlot _slot;
    private readonly Stages _stages;
    private readonly ulong _key;
    private readonly Socket _socket;
    private readonly long _idleMs;
    private long _lastMs;
    private int _closed;

    /// <param name="slot">Its place on it is taken.</param>
    /// <param name="key">With which it entered the route.</param>
    public DatagramSession(DatagramListener listener, SocketAddress client, RouteEntry route, TargetSlot slot, ulong key, Stages stages)
    {
        _listener = listener;
        Client = client;
        _route = route;
        _slot = slot;
        _key = key;
        _stages = stages;
        _idleMs = (long)(route.Rules.Idle ?? RouteRules.UsualUdpIdle).TotalMilliseconds;
        _socket = new Socket(slot.EndPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        // Connecting sends nothing: it only makes the kernel drop what others send, and tell of a target that is not there.
        _socket.Connect(slot.EndPoint);
        _socket.Blocking = false;
        Touch();
        stages.Keeper.Add(this);
        route.Memory.Connections.Begin();
    }

    /// <summary>Whom it belongs to.</summary>
    public SocketAddress Client { get; }

    /// <summary>The next datagram may go here: it is open, and its target is not known to be dead.</summary>
    public bool IsUsable => Volatile.Read(ref _closed) == 0 && _slot.Health.State is not (TargetState.Down or TargetState.Ejected);

    /// <summary>From the client to the target.</summary>
    public void Send(ReadOnlyMemory<byte> datagram)
    {
        Touch();
        try
        {
            _socket.Send(datagram.Span, SocketFlags.None, out var error);
            if (error == SocketError.Success) _route.Memory.Connections.CountBytes(datagram.Length, 0);
            else if (error != SocketError.WouldBlock) Lost(error);
        }
        catch (ObjectDisposedException)
        {
            // Ended this moment; the client's next datagram opens another.
        }
    }

    /// <summary>From the target to the client, until closed.</summary>
    public override async Task ServeAsync()
    {
        try
        {
            while (Volatile.Read(ref _closed) == 0)
            {
                await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None).ConfigureAwait(false);
                Back();
            }
        }
        catch (SocketException lost)
        {
            Lost(lost.SocketErrorCode);
        }
        catch (ObjectDisposedException)
        {
            // Closed by us: idle, or the end of the process.
        }
        finally
        {
            Close();
        }
    }

    public override void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0) return;
        _stages.Keeper.Remove(this);
        _listener.Ended(this);
        _socket.Dispose();
        _slot.End();
        _stages.PoolOf(_route).Freed();
        _route.Memory.Connections.End();
        _route.Connections.Leave(_key);
    }

    internal override bool IsDue(long nowMs) =>
        base.IsDue(nowMs) || (_stages.IsDraining && nowMs - Volatile.Read(ref _lastMs) >= Limits.DrainIdle.TotalMilliseconds);

    internal override void Expire() => Close();

    /// <summary>All that has come; the buffer is held only meanwhile.</summary>
    private void Back()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(DatagramListener.MaxBytes);
        try
        {
            while (true)
            {
                var count = _socket.Receive(buffer, SocketFlags.None, out var error);
                if (error == SocketError.WouldBlock) return;
                if (error != SocketError.Success) throw new SocketException((int)error);
                Touch();
                if (_listener.TrySend(buffer.AsSpan(0, count), Client)) _route.Memory.Connections.CountBytes(0, count);
                _slot.Passed();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Lost(SocketError error)
    {
        _slot.CountFailed();
        // For a while, longer each time: no check can tell whether somebody listens there again.
        _slot.Tell(new TargetEvent.Outlier("UDP: " + error.InWords()));
        Close();
    }

    private void Touch()
    {
        var now = _stages.Keeper.NowMs;
        Volatile.Write(ref _lastMs, now);
        Volatile.Write(ref DueMs, now + _idleMs);
    }
}
