using System.Net.Sockets;
using System.Runtime.InteropServices;
using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Routing;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Relaying;

/// <summary>
/// Finds a connection to some target of a route for one client: another when one cannot be reached, as often as the route's retries and their
/// budget allow; and while none serves it waits, as a request would.
/// </summary>
/// <param name="preface">Sent first on it.</param>
internal sealed class TargetSearch(RouteEntry route, Draw draw, ReadOnlyMemory<byte> preface, Stages stages)
{
    /// <summary>Each wait ends because a target came up; one that comes and goes must not hold a client for ever.</summary>
    private const int MostWaits = 20;

    private readonly long _started = stages.Time.GetTimestamp();
    private readonly List<TargetSlot?> _tried = [];
    private int _waits;

    /// <summary>An open connection, its place on its target taken; null when there is none to be had.</summary>
    /// <param name="isWanted">False when the client has gone meanwhile.</param>
    public async ValueTask<TargetConnection?> FindAsync(Func<bool> isWanted)
    {
        stages.PoolOf(route).Budget.Earn();
        while (isWanted())
        {
            // A new snapshot may have brought new targets meanwhile.
            var pool = stages.PoolOf(route);
            if (pool.Take(draw, CollectionsMarshal.AsSpan(_tried)) is not { } slot)
            {
                if (await WaitAsync(pool).ConfigureAwait(false)) continue;
                return null;
            }
            if (await TryAsync(slot).ConfigureAwait(false) is { } made) return made;
            _tried.Add(slot);
            if (_tried.Count > route.Rules.Retries || !pool.Budget.TrySpend()) return null;
            route.Counters.CountRetry();
        }
        return null;
    }

    private async ValueTask<TargetConnection?> TryAsync(TargetSlot slot)
    {
        try
        {
            return await TargetConnection.ConnectAsync(slot, route.Rules.ConnectTimeout, stages.Keeper, preface).ConfigureAwait(false);
        }
        catch (Exception lost) when (Loss.Is(lost))
        {
            slot.End();
            // A lack of ours (descriptors, ports) is not the target's fault.
            if (Loss.IsOurs(lost)) return null;
            slot.CountFailed();
            slot.Blame("connecting: " + lost.InWords(), lost is SocketException { SocketErrorCode: SocketError.ConnectionRefused });
            return null;
        }
    }

    private ValueTask<bool> WaitAsync(TargetPool pool)
    {
        var left = route.Rules.WaitFor - stages.Time.GetElapsedTime(_started);
        if (_waits > MostWaits || left <= TimeSpan.Zero) return new(false);
        if (_waits++ == 0) route.Counters.CountWaited();
        // All that were tried may serve again by then.
        _tried.Clear();
        return new(pool.Waiting.WaitAsync(() => stages.PoolOf(route).HasRoom, bytes: 0, left, stages.Time, stages.Stopped));
    }
}
