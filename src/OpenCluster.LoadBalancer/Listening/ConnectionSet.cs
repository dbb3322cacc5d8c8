using System.Collections.Concurrent;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>The open client connections, bounded by <see cref="Limits.Connections"/>.</summary>
internal sealed class ConnectionSet
{
    private readonly ConcurrentDictionary<AcceptedConnection, byte> _open = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private long _accepted;
    private long _refused;
    private readonly long[] _expired = new long[Enum.GetValues<Awaited>().Length];
    private volatile bool _closing;

    public int Count => Volatile.Read(ref _count);
    public long Accepted => Interlocked.Read(ref _accepted);
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>How many were closed because their clients did not do that in time.</summary>
    public long Expired(Awaited what) => Interlocked.Read(ref _expired[(int)what]);

    public void CountExpired(Awaited what) => Interlocked.Increment(ref _expired[(int)what]);

    /// <summary>Starts to serve a client just accepted, or turns it away when there are too many.</summary>
    /// <param name="begin">The protocol of the listener: what is spoken on the transport.</param>
    /// <param name="ended">Told when a connection that was served has ended; null where nobody wants to know.</param>
    /// <param name="refusal">Sent to whoever is turned away, in the listener's protocol; empty where there are no words for it.</param>
    public void Serve(Transport transport, Func<AcceptedConnection> begin, Func<byte[]> refusal, Action? ended = null)
    {
        Interlocked.Increment(ref _accepted);
        if (Interlocked.Increment(ref _count) > Limits.Connections)
        {
            Interlocked.Decrement(ref _count);
            Interlocked.Increment(ref _refused);
            ended?.Invoke();
            _ = TurnAwayAsync(transport, refusal());
            return;
        }

        var connection = begin();
        _open.TryAdd(connection, 0);
        _ = ServeAsync(connection, ended);
    }

    /// <summary>Serves what is bounded elsewhere: a session of datagrams.</summary>
    public void Serve(AcceptedConnection connection)
    {
        Interlocked.Increment(ref _count);
        _open.TryAdd(connection, 0);
        _ = ServeAsync(connection, ended: null);
    }

    /// <summary>Closes a client just accepted, for whose like there is no room.</summary>
    /// <param name="words">Sent before that; empty for none.</param>
    public static void TurnAway(Transport transport, byte[] words) => _ = TurnAwayAsync(transport, words);

    private async Task ServeAsync(AcceptedConnection connection, Action? ended)
    {
        try
        {
            await connection.ServeAsync().ConfigureAwait(false);
        }
        finally
        {
            _open.TryRemove(connection, out _);
            ended?.Invoke();
            if (Interlocked.Decrement(ref _count) == 0 && _closing) _empty.TrySetResult();
        }
    }

    /// <summary>Completes when the last connection has ended. No new ones may come any more.</summary>
    public Task WhenEmpty()
    {
        _closing = true;
        if (Count == 0) _empty.TrySetResult();
        return _empty.Task;
    }

    public void CloseAll()
    {
        foreach (var connection in _open.Keys) connection.Close();
    }

    /// <summary>Costs one small send; a balancer at its limit has no more to give.</summary>
    private static async Task TurnAwayAsync(Transport transport, byte[] refusal)
    {
        try
        {
            if (refusal.Length > 0) await transport.SendAsync(refusal).ConfigureAwait(false);
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            // Whether it hears the reason is the least of our worries.
        }
        transport.Dispose();
    }
}
