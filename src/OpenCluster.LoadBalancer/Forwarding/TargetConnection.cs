using System.Net.Sockets;
using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Forwarding;

/// <summary>One connection to a target. Used by one request at a time, then kept idle for the next.</summary>
internal sealed class TargetConnection : Timed
{
    private readonly TimeKeeper _keeper;
    private ValueTask<int> _armed;
    private bool _hasArmed;
    private int _closed;

    private TargetConnection(TargetSlot slot, TimeKeeper keeper, ReadOnlyMemory<byte> preface)
    {
        Slot = slot;
        Transport = preface.IsEmpty ? slot.Connector.Create() : slot.Connector.Create(preface);
        _keeper = keeper;
        _keeper.Add(this);
    }

    public TargetSlot Slot { get; }
    public Transport Transport { get; }
    /// <summary>Has already served a request: its end before an answer says nothing about the target.</summary>
    public bool IsReused { get; private set; }
    /// <summary>Closed because its time was over.</summary>
    public bool TimedOut { get; private set; }
    public bool IsClosed => Volatile.Read(ref _closed) != 0;

    /// <param name="preface">Of the PROXY protocol, when targets are to be told of the client by it.</param>
    /// <exception cref="SocketException">It cannot be reached, within the time given.</exception>
    /// <exception cref="IOException">It was reached and could not be talked to.</exception>
    public static async ValueTask<TargetConnection> ConnectAsync(TargetSlot slot, TimeSpan limit, TimeKeeper keeper, ReadOnlyMemory<byte> preface = default)
    {
        var connection = new TargetConnection(slot, keeper, preface);
        connection.Within(limit);
        try
        {
            await connection.Transport.OpenAsync().ConfigureAwait(false);
            connection.Within(null);
            return connection;
        }
        catch (Exception lost) when (Loss.Is(lost))
        {
            connection.Close();
            if (connection.TimedOut) throw new SocketException((int)SocketError.TimedOut);
            throw;
        }
    }

    /// <summary>
    /// Starts to receive before anything is sent. False when that completes at once: the target has closed, or has sent what nobody asked
    /// for, which would be taken for the answer to the next request. The call costs nothing: the answer must be waited for anyway.
    /// </summary>
    public bool TryArm(Memory<byte> buffer)
    {
        try
        {
            // Kept, not awaited here: it is awaited exactly once, by ReceiveAsync or DisarmAsync.
#pragma warning disable CA2012
            _armed = Transport.ReceiveAsync(buffer);
#pragma warning restore CA2012
        }
        catch (Exception lost) when (Loss.Is(lost))
        {
            return false;
        }
        _hasArmed = true;
        return !_armed.IsCompleted;
    }

    /// <summary>Bytes of the receive that <see cref="TryArm"/> started, or of a new one.</summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        if (!_hasArmed) return Transport.ReceiveAsync(buffer);
        _hasArmed = false;
        return _armed;
    }

    /// <summary>Whether an answer, or the end, has come though nobody waits for it yet.</summary>
    public bool HasArrived => _hasArmed && _armed.IsCompleted;

    /// <summary>Ends a receive that was armed and is not wanted: only after <see cref="Close"/>.</summary>
    public async ValueTask DisarmAsync()
    {
        if (!_hasArmed) return;
        _hasArmed = false;
        try
        {
            await _armed.ConfigureAwait(false);
        }
        catch (Exception lost) when (Loss.Is(lost))
        {
            // Closed by us, just before.
        }
    }

    /// <summary>Closes the connection unless done or changed by then; null for no limit.</summary>
    public void Within(TimeSpan? limit) =>
        Volatile.Write(ref DueMs, limit is { } some ? _keeper.NowMs + (long)some.TotalMilliseconds : long.MaxValue);

    public void Reuse() => IsReused = true;

    public void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0) return;
        _keeper.Remove(this);
        Transport.Dispose();
    }

    internal override void Expire()
    {
        TimedOut = true;
        Close();
    }
}
