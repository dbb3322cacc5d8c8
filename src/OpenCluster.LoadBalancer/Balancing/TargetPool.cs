using OpenCluster.Decisions.Targets;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>A target in a route: the shared slot, and what this route's snapshot says of it.</summary>
internal readonly record struct PooledTarget(TargetSlot Slot, int Weight, bool Draining);

/// <summary>
/// The targets of one route and which of them serve with what share. Shares are weighed when a target changes and, while one ramps, at
/// every tick; a request only draws.
/// </summary>
internal sealed class TargetPool
{
    private readonly Lock _weighGate = new();
    private readonly TimeKeeper _keeper;
    private readonly PooledTarget[] _targets;
    private readonly TimeSpan _slowStart;
    private int[] _upTo;
    private bool _growing;

    public TargetPool(PooledTarget[] targets, RouteRules rules, RouteMemory memory, TimeKeeper keeper)
    {
        _targets = targets;
        _keeper = keeper;
        _slowStart = rules.SlowStart;
        _upTo = new int[targets.Length];
        Waiting = memory.Waiting;
        Budget = memory.Budget;
        Weigh();
    }

    public ReadOnlySpan<PooledTarget> Targets => _targets;
    public WaitingRoom Waiting { get; }
    public RetryBudget Budget { get; }

    /// <summary>Whether any target can take a request now.</summary>
    public bool Serves => _upTo is { Length: > 0 } upTo && upTo[^1] > 0;

    /// <summary>A target of the pool changed, or time went on: weigh again, and let waiting requests in when one serves.</summary>
    public void Weigh()
    {
        var candidates = new Candidate[_targets.Length];
        lock (_weighGate)
        {
            for (var i = 0; i < _targets.Length; i++)
                candidates[i] = new Candidate(_targets[i].Slot.Health, _targets[i].Weight, _targets[i].Draining);
            var upTo = new int[_targets.Length];
            _growing = TargetChoice.Weigh(candidates, _slowStart, _keeper.Now, upTo);
            Volatile.Write(ref _upTo, upTo);
        }
        if (Serves) Waiting.Release();
    }

    public void Tick()
    {
        if (_growing) Weigh();
    }

    public bool Contains(TargetSlot slot)
    {
        foreach (ref readonly var target in Targets)
            if (target.Slot == slot) return true;
        return false;
    }

    /// <summary>Whether one serves that was not tried yet.</summary>
    public bool HasOther(ReadOnlySpan<TargetSlot?> tried) => Serves && PickOther(Volatile.Read(ref _upTo), 0, tried) is not null;

    /// <summary>A target for one request, none of those <paramref name="tried"/>; null when none serves.</summary>
    public TargetSlot? Pick(ulong random, ReadOnlySpan<TargetSlot?> tried)
    {
        var upTo = Volatile.Read(ref _upTo);
        var (first, second) = TargetChoice.Draw(upTo, random);
        if (first < 0) return null;
        if (!tried.IsEmpty) return PickOther(upTo, first, tried);
        if (first == second) return _targets[first].Slot;
        var (a, b) = (_targets[first].Slot, _targets[second].Slot);
        return TargetChoice.SecondIsFreer(a.InFlight, TargetChoice.Share(upTo, first), b.InFlight, TargetChoice.Share(upTo, second)) ? b : a;
    }

    /// <summary>From the drawn one on, the first that serves and was not tried.</summary>
    private TargetSlot? PickOther(int[] upTo, int start, ReadOnlySpan<TargetSlot?> tried)
    {
        for (var i = 0; i < _targets.Length; i++)
        {
            var at = (start + i) % _targets.Length;
            if (TargetChoice.Share(upTo, at) > 0 && !tried.Contains(_targets[at].Slot)) return _targets[at].Slot;
        }
        return null;
    }
}
