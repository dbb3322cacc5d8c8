using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Balancing;
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

    private readonly List<TargetSlot?> _tried = [];
    private TargetConnection? _target;
    private int _closed;

    public override async Task ServeAsync()
    {
        stages.Keeper.Add(this);
        try
        {
            var (first, host) = plan.Protocol == ListenerProtocol.Tls ? await ReadHelloAsync().ConfigureAwait(false) : (default, "");
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

    internal override void Expire() => Close();

    /// <summary>What has come, and the host in it; null when there is none to go on with, which was then counted.</summary>
    private async ValueTask<(ReadOnlyMemory<byte> First, string? Host)> ReadHelloAsync()
    {
        DueMs = stages.Keeper.NowMs + (long)Limits.Greeting.TotalMilliseconds;
        var buffer = new byte[2048];
        for (var filled = 0; ;)
        {
            var count = await client.ReceiveAsync(buffer.AsMemory(filled)).ConfigureAwait(false);
            filled += count;
            var status = ClientHello.Parse(buffer.AsSpan(0, filled), out var host);
            if (status == HelloStatus.Complete)
            {
                DueMs = long.MaxValue;
                return (buffer.AsMemory(0, filled), host);
            }
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
        var connections = route.Memory.Connections;
        connections.Begin();
        try
        {
            if (await ConnectAsync(route).ConfigureAwait(false) is not { } target)
            {
                connections.CountFailed();
                client.Abort();
                return;
            }
            var end = await Relay.RunAsync(client, target.Transport, first, route.Rules.Idle ?? RouteRules.UsualIdle, stages.Keeper).ConfigureAwait(false);
            connections.CountBytes(end.BytesUp, end.BytesDown);
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
            connections.End();
        }
    }

    /// <summary>A connection to a target of the route, its use counted; null when there is none to be had.</summary>
    private async ValueTask<TargetConnection?> ConnectAsync(RouteEntry route)
    {
        var started = stages.Time.GetTimestamp();
        var draw = ConnectionDraw.Of(remote.Address);
        var preface = route.Rules.ProxyProtocol == ProxyProtocol.None ? default : ProxyHeader.Write(route.Rules.ProxyProtocol == ProxyProtocol.V2, remote, local).AsMemory();
        while (Volatile.Read(ref _closed) == 0)
        {
            var pool = stages.PoolOf(route);
            if (_tried.Count > route.Rules.Retries || pool.Take(draw, CollectionsMarshal.AsSpan(_tried)) is not { } slot)
            {
                var left = route.Rules.WaitFor - stages.Time.GetElapsedTime(started);
                if (_tried.Count > route.Rules.Retries || !await pool.Waiting.WaitAsync(() => stages.PoolOf(route).HasRoom, 0, left, stages.Time, stages.Stopped).ConfigureAwait(false)) return null;
                continue;
            }

            _tried.Add(slot);
            try
            {
                var made = await TargetConnection.ConnectAsync(slot, route.Rules.ConnectTimeout, stages.Keeper, preface).ConfigureAwait(false);
                Volatile.Write(ref _target, made);
                if (Volatile.Read(ref _closed) != 0) made.Close();
                return made;
            }
            catch (Exception lost) when (Loss.Is(lost))
            {
                slot.End();
                if (Loss.IsOurs(lost)) continue;
                slot.CountFailed();
                slot.Blame("connecting: " + lost.InWords(), lost is SocketException { SocketErrorCode: SocketError.ConnectionRefused });
            }
        }
        return null;
    }
}
