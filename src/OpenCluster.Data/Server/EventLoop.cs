using OpenCluster.Data.Execution;
using OpenCluster.Sockets;

namespace OpenCluster.Data.Server;

/// <summary>
/// One thread that reads from its connections, has their commands carried out, and sends the answers. A round is: (1) wait for sockets
/// that have something; (2) receive from each; (3) take the executor's gate once and carry out all that came; (4) send. What is
/// received lies in one buffer of the loop's, so a connection that is idle, or only ever sends whole commands, has no buffer at all.
/// </summary>
internal sealed unsafe class EventLoop : IDisposable
{
    private const int EventsPerRound = 1024;
    private const int ReceiveBytes = 256 * 1024;

    /// <summary>The most that one connection is given per round, so that one that floods does not starve the others.</summary>
    private const int ReceiveBytesEach = 16 * 1024;

    /// <summary>Answers that a client does not fetch, above which he is cut off.</summary>
    private const int MaxUnsentBytes = 256 * 1024 * 1024;

    private readonly Executor executor;
    private readonly DataServer server;
    private readonly Polling polling = new(EventsPerRound);
    private readonly byte[] receiveBuffer = GC.AllocateArray<byte>(ReceiveBytes, pinned: true);
    private readonly byte* receive;
    private readonly List<Connection> ready = [];
    private readonly List<Connection> goesOn = [];
    private readonly List<Connection> waitingForLog = [];
    private readonly Lock inbox = new();
    private readonly List<Connection> wakened = [];
    private readonly List<Connection> told = [];
    private readonly List<(int Descriptor, string Peer)> opened = [];
    private readonly List<(int Descriptor, string Peer)> arrived = [];
    private readonly Thread thread;
    private Connection?[] connections = new Connection?[64];
    private int listener = -1;
    private int received;
    private volatile bool ending;

    public EventLoop(Executor executor, DataServer server, int number)
    {
        this.executor = executor;
        this.server = server;
        fixed (byte* pinned = receiveBuffer) receive = pinned;
        thread = new Thread(Run) { Name = $"data loop {number}", IsBackground = true };
        IsFirst = number == 0;
    }

    /// <summary>The first also does what is to be done from time to time.</summary>
    public bool IsFirst { get; }

    /// <summary>Connections it serves; read by whoever hands out new ones.</summary>
    public int Count { get; private set; }

    /// <param name="listeningSocket">A listening socket that does not block, whose connections this loop hands out; negative: none.</param>
    public void Start(int listeningSocket)
    {
        listener = listeningSocket;
        if (listener >= 0) polling.Watch(listener, Polling.In);
        thread.Start();
    }

    /// <summary>A new connection is this loop's from now on. From any thread.</summary>
    public void Take(int descriptor, string peer)
    {
        lock (inbox) arrived.Add((descriptor, peer));
        polling.Wake();
    }

    /// <summary>There is something to be sent to a connection of this loop. From any thread.</summary>
    public void WakeFor(Connection connection)
    {
        lock (inbox)
        {
            if (connection.IsWoken) return;
            connection.IsWoken = true;
            wakened.Add(connection);
            if (wakened.Count > 1) return;
        }
        polling.Wake();
    }

    /// <summary>The log has come further, or there is something to do. From any thread.</summary>
    public void Wake() => polling.Wake();

    public void Dispose()
    {
        ending = true;
        polling.Wake();
        if (thread.IsAlive) thread.Join();
        polling.Close();
    }

    private void Run()
    {
        try
        {
            while (!ending) Round();
        }
        catch (Exception broken)
        {
            // An invariant does not hold any more: nothing that is said from here on could be relied upon.
            Environment.FailFast($"opencluster data: the event loop broke: {broken}", broken);
        }
        foreach (var connection in connections)
            if (connection is not null)
                Close(connection);
    }

    private void Round()
    {
        var count = polling.Wait(goesOn.Count > 0 ? 0 : IsFirst ? server.MillisecondsToNextTick() : -1);
        for (var i = 0; i < count; i++)
        {
            var (descriptor, kind) = polling[i];
            // Woken: what for is in the inbox.
            if (descriptor < 0) continue;
            if (descriptor == listener) server.Accept(listener);
            else if (connections[descriptor] is { } connection) Serve(connection, kind);
        }
        TakeInbox();
        if (IsFirst) server.TickWhenDue();
        foreach (var connection in goesOn)
        {
            connection.Received = default;
            if (!connection.IsGone) ready.Add(connection);
        }
        goesOn.Clear();
        Execute();
        ReleaseWaiting();
    }

    private void Serve(Connection connection, uint kind)
    {
        if ((kind & Polling.Out) != 0) Send(connection);
        if ((kind & (Polling.In | Polling.HangUp | Polling.Error)) == 0 || connection.IsGone) return;
        // He who has to fetch his answers first is not read from; a socket that failed goes whatever is left to do.
        if (connection.HasMore && (kind & (Polling.HangUp | Polling.Error)) == 0) return;
        if (ReceiveBytes - received < ReceiveBytesEach) Execute();
        Receive(connection);
    }

    /// <summary>Reads once: what is left makes the socket readable again in the next round.</summary>
    private void Receive(Connection connection)
    {
        int count;
        if (connection.Input.Length > 0)
        {
            connection.Input.Reserve(Math.Min(ReceiveBytesEach, connection.Input.Length));
            count = Kernel.Receive(connection.Descriptor, new Span<byte>(connection.Input.End, connection.Input.Room));
            if (count > 0) connection.Input.Received(count);
            connection.Received = default;
        }
        else
        {
            count = Kernel.Receive(connection.Descriptor, new Span<byte>(receive + received, ReceiveBytesEach));
            connection.Received = (received, Math.Max(0, count));
            if (count > 0) received += count;
        }
        if (count is Kernel.WouldBlock or Kernel.Interrupted) return;
        if (count <= 0) connection.IsGone = true;
        ready.Add(connection);
    }

    private void Execute()
    {
        if (ready.Count == 0) return;
        lock (executor.Gate)
        {
            executor.BeginBatch();
            foreach (var connection in ready)
                if (!connection.IsGone)
                    Feed(connection);
            executor.EndBatch();
        }
        foreach (var connection in ready) Answer(connection);
        ready.Clear();
        received = 0;
    }

    private void Feed(Connection connection)
    {
        if (connection.Input.Length > 0)
        {
            connection.Input.Drop(executor.Feed(connection, connection.Input.Start, connection.Input.Length));
            return;
        }
        var (offset, length) = connection.Received;
        var bytes = receive + offset;
        var done = executor.Feed(connection, bytes, length);
        if (done < length) connection.Input.Append(bytes + done, length - done);
    }

    private void Answer(Connection connection)
    {
        if (connection.IsGone) Close(connection);
        else Send(connection);
    }

    private void Send(Connection connection)
    {
        var reply = connection.Reply;
        var isHeld = executor.Log is { } log && connection.HeldUntil > log.Released;
        if (isHeld && !connection.WaitsForLog)
        {
            connection.WaitsForLog = true;
            waitingForLog.Add(connection);
        }
        if (reply.Length > 0 && !isHeld)
        {
            var sent = Kernel.Send(connection.Descriptor, new ReadOnlySpan<byte>(reply.Pointer, reply.Length));
            if (sent < 0 && sent is not (Kernel.WouldBlock or Kernel.Interrupted))
            {
                Close(connection);
                return;
            }
            if (sent > 0) reply.Drop(sent);
        }
        if (connection.IsCutOff || reply.Length == 0 ? connection.IsClosing : reply.Length > MaxUnsentBytes)
        {
            Close(connection);
            return;
        }
        if (connection.HasMore && reply.Length == 0 && connection.Waiting is null) goesOn.Add(connection);
        var interest = (connection.HasMore ? 0 : Polling.In) | (reply.Length > 0 && !isHeld ? Polling.Out : 0);
        if (interest == connection.Interest) return;
        connection.Interest = interest;
        polling.Change(connection.Descriptor, interest);
    }

    private void ReleaseWaiting()
    {
        if (waitingForLog.Count == 0) return;
        var released = executor.Log?.Released ?? long.MaxValue;
        for (var i = waitingForLog.Count - 1; i >= 0; i--)
        {
            var connection = waitingForLog[i];
            if (!connection.IsGone && connection.HeldUntil > released) continue;
            waitingForLog[i] = waitingForLog[^1];
            waitingForLog.RemoveAt(waitingForLog.Count - 1);
            connection.WaitsForLog = false;
            if (!connection.IsGone) Send(connection);
        }
    }

    private void TakeInbox()
    {
        lock (inbox)
        {
            opened.AddRange(arrived);
            arrived.Clear();
            foreach (var connection in wakened)
            {
                connection.IsWoken = false;
                if (!connection.IsGone) told.Add(connection);
            }
            wakened.Clear();
        }
        // The gate is never taken inside the inbox: who holds it wakes others through theirs.
        foreach (var (descriptor, peer) in opened) Open(descriptor, peer);
        opened.Clear();
        if (told.Count == 0) return;
        lock (executor.Gate)
        {
            foreach (var connection in told) connection.TakeMail();
        }
        foreach (var connection in told)
            if (!connection.IsGone)
                Send(connection);
        told.Clear();
    }

    private void Open(int descriptor, string peer)
    {
        var connection = server.Admit(descriptor, peer, this);
        if (connections.Length <= descriptor) Array.Resize(ref connections, Math.Max(descriptor + 1, connections.Length * 2));
        connections[descriptor] = connection;
        Count++;
        polling.Watch(descriptor, Polling.In);
    }

    private void Close(Connection connection)
    {
        if (connections[connection.Descriptor] != connection) return;
        connections[connection.Descriptor] = null;
        connection.IsGone = true;
        Count--;
        server.Dismiss(connection);
        connection.Input.Dispose();
        connection.Dispose();
        // Closing also takes it out of epoll. Its number can come back in this round's events no more: new ones are taken after them.
        Kernel.Close(connection.Descriptor);
    }
}
