using System.Net;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>
/// A connection on which something comes before what is served: the PROXY header of a proxy in front, then perhaps a TLS handshake. Both
/// together have <see cref="Limits.Greeting"/>, and only so many connections may be at it at one time.
/// </summary>
/// <param name="proxies">From them a PROXY header must come, from others it is not read.</param>
/// <param name="serve">Goes on with the connection and the client's address. Null when it came to nothing and was counted.</param>
internal sealed class GreetedConnection(
    Transport transport, IPEndPoint from, Networks proxies, ListenerCounters counters, Func<Transport, IPEndPoint, ValueTask<AcceptedConnection?>> serve, Stages stages) : AcceptedConnection
{
    private AcceptedConnection? _served;
    private int _closed;
    private bool _timedOut;

    public override async Task ServeAsync()
    {
        if (!stages.Greetings.TryEnter())
        {
            counters.CountFailure(GreetingFailure.TooMany);
            Close();
            return;
        }
        AcceptedConnection? served;
        DueMs = stages.Keeper.NowMs + (long)Limits.Greeting.TotalMilliseconds;
        stages.Keeper.Add(this);
        try
        {
            served = await GreetAsync().ConfigureAwait(false);
        }
        finally
        {
            stages.Keeper.Remove(this);
            stages.Greetings.Leave();
        }
        if (served is null)
        {
            Close();
            return;
        }
        Volatile.Write(ref _served, served);
        // Closed meanwhile: what was just made must not live on.
        if (Volatile.Read(ref _closed) != 0) served.Close();
        await served.ServeAsync().ConfigureAwait(false);
    }

    public override void Close()
    {
        Volatile.Write(ref _closed, 1);
        if (Volatile.Read(ref _served) is { } served) served.Close();
        else transport.Dispose();
    }

    internal override void Expire()
    {
        _timedOut = true;
        Close();
    }

    private async ValueTask<AcceptedConnection?> GreetAsync()
    {
        GreetingFailure? failure;
        try
        {
            if (!proxies.Contains(from.Address)) return await serve(transport, from).ConfigureAwait(false);
            var (header, client, rest) = await ReadHeaderAsync().ConfigureAwait(false);
            if (header == ProxyHeaderStatus.Complete) return await serve(rest.IsEmpty ? transport : new BegunTransport(transport, rest), client ?? from).ConfigureAwait(false);
            failure = GreetingFailure.ProxyHeader;
        }
        catch (GreetingException failed)
        {
            failure = failed.Failure;
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            failure = GreetingFailure.Gone;
        }
        counters.CountFailure(_timedOut ? GreetingFailure.TooSlow : failure.Value);
        return null;
    }

    private async ValueTask<(ProxyHeaderStatus Status, IPEndPoint? Client, ReadOnlyMemory<byte> After)> ReadHeaderAsync()
    {
        var buffer = new byte[ProxyHeader.MaxBytes];
        for (var filled = 0; ;)
        {
            var count = await transport.ReceiveAsync(buffer.AsMemory(filled)).ConfigureAwait(false);
            filled += count;
            var status = ProxyHeader.Parse(buffer.AsSpan(0, filled), out var length, out var client);
            if (status == ProxyHeaderStatus.Complete) return (status, client, buffer.AsMemory(length, filled - length));
            if (status == ProxyHeaderStatus.Refused || count == 0) return (status, null, default);
        }
    }
}

/// <summary>A greeting came to nothing, for a reason that is counted.</summary>
internal sealed class GreetingException(GreetingFailure failure) : Exception(failure.ToString())
{
    public GreetingFailure Failure { get; } = failure;
}

/// <summary>How many connections are being greeted, bounded by <see cref="Limits.Greetings"/>.</summary>
internal sealed class GreetingGate
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _count) <= Limits.Greetings) return true;
        Interlocked.Decrement(ref _count);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _count);
}
