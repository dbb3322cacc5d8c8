using System.Net;
using System.Net.Sockets;
using OpenCluster.Sockets;

namespace OpenCluster.LoadBalancer.Sockets;

/// <summary>
/// Accepts from one listening socket on all loops: whichever is free takes what has come, and passes it on to another one only when that has
/// clearly less to do. Does not own the listening socket.
/// </summary>
internal sealed class Acceptor(Socket listening, Action<SocketTransport, IPEndPoint> accepted, TimeProvider time) : IWatched
{
    /// <summary>Taken at once, so that the connections there already are not kept waiting.</summary>
    private const int Batch = 16;

    /// <summary>Connections a loop may have more than the least busy one.</summary>
    private const int Slack = 8;

    /// <summary>Rest after a failure, for descriptors to come free, instead of failing a million times a second.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(10);

    private readonly int _listening = NonBlocking(listening);
    private readonly Lock _watchGate = new();
    private EventLoop[] _watching = [];
    private bool _watches;
    private long _failures;
    private volatile bool _stopped;

    /// <summary>Times accepting failed, mostly for want of file descriptors.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    public void Start()
    {
        // Accepted ones inherit it, which saves each a call.
        listening.NoDelay = true;
        // Once, however often it is started.
        EventLoop.InUseChanged -= Rewatch;
        EventLoop.InUseChanged += Rewatch;
        Watch();
    }

    public void Stop()
    {
        _stopped = true;
        EventLoop.InUseChanged -= Rewatch;
        Unwatch();
    }

    /// <summary>Takes what is still in the queue, after <see cref="Stop"/>: the kernel would reset it.</summary>
    public void Empty()
    {
        while (TryAccept())
        {
        }
    }

    public void OnEvents(uint events)
    {
        for (var i = 0; i < Batch && !_stopped; i++)
            if (!TryAccept()) return;
    }

    /// <summary>Not by edges: what one loop leaves in the queue is announced again, to any.</summary>
    private void Watch()
    {
        lock (_watchGate)
        {
            if (_watches || _stopped) return;
            _watches = true;
            _watching = EventLoop.InUse.ToArray();
            foreach (var loop in _watching) loop.Watch(_listening, this, Polling.In | Polling.Exclusive);
        }
    }

    private bool Unwatch()
    {
        lock (_watchGate)
        {
            if (!_watches) return false;
            _watches = false;
            foreach (var loop in _watching) loop.Unwatch(_listening);
            return true;
        }
    }

    private void Rewatch()
    {
        if (Unwatch()) Watch();
    }

    private bool TryAccept()
    {
        Span<byte> address = stackalloc byte[PeerAddress.Bytes];
        var socket = Kernel.Accept(_listening, address);
        if (socket >= 0)
        {
            Share(socket, PeerAddress.Read(address));
            return true;
        }
        // A client that left the queue meanwhile is no failure of ours, and the next one may be there.
        if (socket is Kernel.Interrupted or Kernel.Aborted) return true;
        if (socket == Kernel.WouldBlock || _stopped) return false;
        Interlocked.Increment(ref _failures);
        if (Unwatch()) _ = PauseAsync();
        return false;
    }

    private void Share(int socket, IPEndPoint from)
    {
        var here = EventLoop.Here;
        var freest = here;
        foreach (var loop in EventLoop.InUse)
            if (loop.Load < freest.Load) freest = loop;
        if (here.Load <= freest.Load + Slack) accepted(new SocketTransport(socket, here), from);
        else freest.Post(new Arrival(new SocketTransport(socket, freest), from, accepted));
    }

    private async Task PauseAsync()
    {
        await Task.Delay(Rest, time).ConfigureAwait(false);
        Watch();
    }

    /// <summary>Others may take a connection between its announcement and the call, which must not block then.</summary>
    private static int NonBlocking(Socket socket)
    {
        socket.Blocking = false;
        return (int)socket.SafeHandle.DangerousGetHandle();
    }

    /// <summary>A connection on its way to another loop.</summary>
    private sealed class Arrival(SocketTransport transport, IPEndPoint from, Action<SocketTransport, IPEndPoint> accepted) : IThreadPoolWorkItem
    {
        public void Execute() => accepted(transport, from);
    }
}
