using OpenCluster.Decisions.Targets;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>Counts, in windows of time, how often each target of a pool fails, and tells those that fail much more often than the others.</summary>
internal sealed class OutlierWatch(PooledTarget[] targets, TimeKeeper keeper)
{
    private const long WindowMs = 5000;

    private readonly WindowCount[] _before = [.. targets.Select(Count)];
    private readonly WindowCount[] _window = new WindowCount[targets.Length];
    private long _endMs = keeper.NowMs + WindowMs;

    public void Tick()
    {
        if (targets.Length < 2 || keeper.NowMs < _endMs) return;
        _endMs = keeper.NowMs + WindowMs;
        for (var i = 0; i < targets.Length; i++)
        {
            var now = Count(targets[i]);
            _window[i] = new WindowCount(now.Requests - _before[i].Requests, now.Failed - _before[i].Failed);
            _before[i] = now;
        }
        for (var i = 0; i < targets.Length; i++)
        {
            if (Outliers.Is(_window, i))
                targets[i].Slot.Tell(new TargetEvent.Outlier($"failed {_window[i].Failed} of {_window[i].Requests} requests, far more than the others"));
        }
    }

    private static WindowCount Count(PooledTarget target) => new(target.Slot.Requests, target.Slot.Failed);
}
