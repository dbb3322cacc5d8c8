using System.Net;
using System.Net.Sockets;
using OpenCluster.Data.Execution;
using OpenCluster.Sockets;

namespace OpenCluster.Data.Server;

/// <summary>The port of the Redis protocol: listens, hands new connections to the event loops, knows who is connected.</summary>
internal sealed class DataServer : IDisposable
{
    /// <summary>How often what is due from time to time is looked at.</summary>
    private const int TickMilliseconds = 100;
    private const int Backlog = 511;

    private readonly Executor executor;
    private readonly DataOptions options;
    private readonly TimeProvider time;
    private readonly Socket listener;
    private readonly EventLoop[] loops;
    private long lastTick;
    private long nextId = 1;
    private int connections;

    public DataServer(Executor executor, DataOptions options, TimeProvider time)
    {
        (this.executor, this.options, this.time) = (executor, options, time);
        // What it accepts inherits that: answers do not wait to fill a segment.
        listener = new Socket(options.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false, NoDelay = true };
        listener.Bind(new IPEndPoint(options.Address, options.Port));
        listener.Listen(Backlog);
        loops = [.. Enumerable.Range(0, options.Threads).Select(number => new EventLoop(executor, this, number))];
        lastTick = time.GetTimestamp();
    }

    public int Port => ((IPEndPoint)listener.LocalEndPoint!).Port;

    /// <summary>Carried out by the first loop ten times a second, under the gate.</summary>
    public Action Tick { get; set; } = () => { };

    public void Start()
    {
        for (var i = 0; i < loops.Length; i++) loops[i].Start(i == 0 ? (int)listener.Handle : -1);
    }

    /// <summary>Answers may go out that waited for the log.</summary>
    public void Released()
    {
        foreach (var loop in loops) loop.Wake();
    }

    public void Dispose()
    {
        foreach (var loop in loops) loop.Dispose();
        listener.Dispose();
    }

    internal int MillisecondsToNextTick()
    {
        var tick = TickMilliseconds - (int)time.GetElapsedTime(lastTick).TotalMilliseconds;
        // A wait that another loop began since is ended at the next tick.
        var wait = executor.NextWaitEnd - time.GetUtcNow().ToUnixTimeMilliseconds();
        return (int)Math.Clamp(wait ?? tick, 0, Math.Max(0, tick));
    }

    internal void TickWhenDue()
    {
        if (MillisecondsToNextTick() > 0) return;
        lastTick = time.GetTimestamp();
        lock (executor.Gate)
        {
            executor.BeginBatch();
            Tick();
            executor.EndBatch();
        }
    }

    /// <summary>Takes all that wait at the door, to the loops with the fewest.</summary>
    internal void Accept(int listening)
    {
        Span<byte> peer = stackalloc byte[PeerAddress.Bytes];
        while (true)
        {
            var descriptor = Kernel.Accept(listening, peer);
            if (descriptor < 0) return;
            if (Interlocked.Increment(ref connections) > options.MaxConnections)
            {
                Interlocked.Decrement(ref connections);
                Refuse(descriptor);
                continue;
            }
            loops.MinBy(loop => loop.Count)!.Take(descriptor, PeerName.Of(PeerAddress.Read(peer)));
        }
    }

    internal Connection Admit(int descriptor, string peer, EventLoop loop)
    {
        lock (executor.Gate)
        {
            var connection = new Connection(nextId++, descriptor, loop) { Peer = peer, ConnectedAt = executor.Now, LastSeenAt = executor.Now };
            executor.Sessions.Add(connection.Id, connection);
            if (executor.Spaces.Default is { } user) connection.Open(user, executor.Spaces.Open(user.Space));
            return connection;
        }
    }

    internal void Dismiss(Connection connection)
    {
        lock (executor.Gate)
        {
            connection.Leave();
            executor.Sessions.Remove(connection.Id);
        }
        Interlocked.Decrement(ref connections);
    }

    private static void Refuse(int descriptor)
    {
        // What cannot be sent at once is not worth waiting for.
        _ = Kernel.Send(descriptor, "-ERR max number of clients reached\r\n"u8);
        Kernel.Close(descriptor);
    }
}
