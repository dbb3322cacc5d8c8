using System.Net;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Routing;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Relaying;

/// <summary>
/// A connection whose bytes pass as they are, of TCP or of TLS that ends at the target:
/// 1. For TLS, read the ClientHello for the host. 2. Find the route. 3. Choose a target and connect; when that fails, another. 4. Tell it of the
/// client, when the route says so. 5. Relay until both have ended, or nothing came for too long.
/// </summary>
internal sealed class RelayedConnection(Transport client, IPEndPoint remote, IPEndPoint local, Listener plan, ListenerCounters counters, Stages stages) : AcceptedConnection
{
    /// <summary>TLS: alert, version 3.1, two bytes, fatal, unrecognized_name (RFC 6066 §3).</summary>
    private static readonly byte[] UnknownHost = [21, 3, 1, 0, 2, 2, 112];

    private TargetConnection? _target;
    private int _closed;
    private bool _timedOut;

    public override async Task ServeAsync()
    {
        stages.Keeper.Add(this);
        try
        {
            var (first, host) = plan.Protocol == ListenerProtocol.Tls ? await GreetAsync().ConfigureAwait(false) : (default, "");
            if (host is null) return;
            if (stages.Streams.Find(plan.Name, host) is { } route) await RelayAsync(route, first).ConfigureAwait(false);
            else await RefuseAsync().ConfigureAwait(false);
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            // The client left; there is nobody to tell.
        }
        finally
        {
            Close();
            stages.Keeper.Remove(this);
        }
    }

    public override void Close()
    {
        Volatile.Write(ref _closed, 1);
        client.Dispose();
        Volatile.Read(ref _target)?.Close();
    }

    internal override void Expire()
    {
        _timedOut = true;
        Close();
    }

    /// <summary>What has come, and the host in it; null when there is none to go on with, which was then counted.</summary>
    private async ValueTask<(ReadOnlyMemory<byte> First, string? Host)> GreetAsync()
    {
        if (!stages.Greetings.TryEnter())
        {
            counters.CountFailure(GreetingFailure.TooMany);
            return (default, null);
        }
        DueMs = stages.Keeper.NowMs + (long)Limits.Greeting.TotalMilliseconds;
        try
        {
            return await ReadHelloAsync().ConfigureAwait(false);
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            counters.CountFailure(_timedOut ? GreetingFailure.TooSlow : GreetingFailure.Gone);
            return (default, null);
        }
        finally
        {
            Volatile.Write(ref DueMs, long.MaxValue);
            stages.Greetings.Leave();
        }
    }

    private async ValueTask<(ReadOnlyMemory<byte> First, string? Host)> ReadHelloAsync()
    {
        var buffer = new byte[2048];
        for (var filled = 0; ;)
        {
            var count = await client.ReceiveAsync(buffer.AsMemory(filled)).ConfigureAwait(false);
            filled += count;
            var status = ClientHello.Parse(buffer.AsSpan(0, filled), out var host);
            if (status == HelloStatus.Complete) return (buffer.AsMemory(0, filled), host);
            if (status == HelloStatus.Refused || count == 0)
            {
                counters.CountFailure(count == 0 ? GreetingFailure.Gone : GreetingFailure.NotTls);
                return (default, null);
            }
            if (filled == buffer.Length) Array.Resize(ref buffer, Math.Min(buffer.Length * 2, ClientHello.MaxBytes));
        }
    }

    private async ValueTask RefuseAsync()
    {
        counters.CountFailure(GreetingFailure.NoRoute);
        if (plan.Protocol == ListenerProtocol.Tls) await client.SendAsync(UnknownHost).ConfigureAwait(false);
    }

    private async ValueTask RelayAsync(RouteEntry route, ReadOnlyMemory<byte> first)
    {
        if (!route.Connections.TryEnter(remote.Address, stages.Time.GetTimestamp(), out var key)) return;
        var ofRoute = route.Memory.Connections;
        ofRoute.Begin();
        try
        {
            if (await FindAsync(route).ConfigureAwait(false) is not { } target)
            {
                ofRoute.CountFailed();
                client.Abort();
                return;
            }
            var end = await Relay.RunAsync(client, target.Transport, first, route.Rules.Idle ?? RouteRules.UsualIdle, stages.Keeper).ConfigureAwait(false);
            ofRoute.CountBytes(end.BytesUp, end.BytesDown);
            if (end.Wholly) target.Slot.Passed();
        }
        finally
        {
            if (_target is { } used)
            {
                used.Close();
                used.Slot.End();
                stages.PoolOf(route).Freed();
            }
            ofRoute.End();
            route.Connections.Leave(key);
        }
    }

    private async ValueTask<TargetConnection?> FindAsync(RouteEntry route)
    {
        var told = route.Rules.ProxyProtocol;
        var preface = told == ProxyProtocol.None ? [] : ProxyHeader.Write(told == ProxyProtocol.V2, remote, local);
        var found = await new TargetSearch(route, ConnectionDraw.Of(remote.Address), preface, stages).FindAsync(() => Volatile.Read(ref _closed) == 0).ConfigureAwait(false);
        Volatile.Write(ref _target, found);
        // Closed meanwhile, when there was no target to close yet.
        if (Volatile.Read(ref _closed) != 0) found?.Close();
        return found;
    }
}
