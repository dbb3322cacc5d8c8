using System.Collections.Frozen;
using OpenCluster.Decisions.Targets;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>A target in a route: the shared slot, and what this route's snapshot says of it.</summary>
internal readonly record struct PooledTarget(TargetSlot Slot, int Weight, bool Draining, int Release = 0, bool Incompatible = false, int Distance = 0);

/// <summary>What one request brings to the choice.</summary>
/// <param name="Key">What is hashed, when the route balances by hash.</param>
/// <param name="Sticky">The target its cookie names; 0 for none.</param>
internal readonly record struct Draw(ulong Random, ulong Key = 0, ulong Sticky = 0);

/// <summary>
/// The targets of one route and which of them serve with what share. Shares are weighed when a target changes and, while one ramps, at
/// every tick; a request only draws.
/// </summary>
internal sealed class TargetPool
{
    private readonly Lock _weighGate = new();
    private readonly TimeKeeper _keeper;
    private readonly PooledTarget[] _targets;
    private readonly WeighingRules _rules;
    private readonly ulong[] _seeds;
    private readonly FrozenDictionary<ulong, int> _bySticky;
    private readonly RouteMemory _memory;
    private readonly OutlierWatch _outliers;
    private Shares _shares;
    private bool _changing;

    public TargetPool(PooledTarget[] targets, RouteRules rules, RouteMemory memory, TimeKeeper keeper)
    {
        _targets = targets;
        _keeper = keeper;
        _memory = memory;
        Balance = rules.Balance;
        Keys = new RequestKeys(rules.Balance);
        _outliers = new OutlierWatch(targets, keeper);
        _rules = new WeighingRules(rules.SlowStart, rules.Balance);
        _seeds = [.. targets.Select(t => t.Slot.Seed)];
        _bySticky = _seeds.Select((seed, i) => (seed, i)).DistinctBy(s => s.seed).ToFrozenDictionary(s => s.seed, s => s.i);
        _shares = new Shares(new int[targets.Length], new int[targets.Length], 0, null);
        Weigh();
    }

    /// <summary>One weighing, swapped whole.</summary>
    private sealed record Shares(int[] UpTo, int[] Levels, int Equal, HashChoice? Hash);

    public BalanceRule Balance { get; }
    public RequestKeys Keys { get; }
    public ReadOnlySpan<PooledTarget> Targets => _targets;
    public WaitingRoom Waiting => _memory.Waiting;
    public RetryBudget Budget => _memory.Budget;

    /// <summary>Whether any target serves.</summary>
    public bool Serves => Volatile.Read(ref _shares).UpTo is { Length: > 0 } upTo && upTo[^1] > 0;

    /// <summary>Whether any target serves and has room for one more request.</summary>
    public bool HasRoom
    {
        get
        {
            if (Balance.MaxInFlight == 0) return Serves;
            var levels = Volatile.Read(ref _shares).Levels;
            for (var i = 0; i < _targets.Length; i++)
                if (levels[i] >= 0 && _targets[i].Slot.InFlight < Balance.MaxInFlight) return true;
            return false;
        }
    }

    /// <summary>A target of the pool changed, or time went on: weigh again, and let waiting requests in when one serves.</summary>
    public void Weigh()
    {
        lock (_weighGate)
        {
            var candidates = new Candidate[_targets.Length];
            for (var i = 0; i < _targets.Length; i++)
            {
                ref readonly var target = ref _targets[i];
                candidates[i] = new Candidate(target.Slot.Health, target.Weight, target.Draining, target.Release, target.Incompatible, target.Distance);
            }
            var (upTo, levels) = (new int[_targets.Length], new int[_targets.Length]);
            _changing = Weighing.Weigh(candidates, _rules, _keeper.Now, upTo, levels);
            var hash = Balance.Policy == BalancePolicy.Hash ? HashChoice.Build(_seeds, upTo) : null;
            Volatile.Write(ref _shares, new Shares(upTo, levels, TargetChoice.Equal(upTo), hash));
        }
        Waiting.Trickle(HasRoom);
    }

    public void Tick()
    {
        _outliers.Tick();
        if (_changing) Weigh();
        else if (Waiting.Count > 0) Waiting.Trickle(HasRoom);
    }

    /// <summary>The share of target <paramref name="index"/> among all shares, 0 to 1, and its level (-1: it does not serve). For people.</summary>
    public (double Share, int Level) ShareOf(int index)
    {
        var shares = Volatile.Read(ref _shares);
        return (shares.UpTo[^1] == 0 ? 0 : (double)TargetChoice.Share(shares.UpTo, index) / shares.UpTo[^1], shares.Levels[index]);
    }

    /// <summary>Whether one serves that was not tried yet.</summary>
    public bool HasOther(ReadOnlySpan<TargetSlot?> tried)
    {
        var levels = Volatile.Read(ref _shares).Levels;
        for (var i = 0; i < _targets.Length; i++)
            if (levels[i] >= 0 && !tried.Contains(_targets[i].Slot)) return true;
        return false;
    }

    /// <summary>A target for one request, none of those <paramref name="tried"/>, its place on it taken; null when none serves or all are full.</summary>
    public TargetSlot? Take(in Draw draw, ReadOnlySpan<TargetSlot?> tried)
    {
        var shares = Volatile.Read(ref _shares);
        var first = Choose(shares, draw, tried);
        if (first < 0) return null;
        if (!tried.Contains(_targets[first].Slot) && _targets[first].Slot.TryBegin(Balance.MaxInFlight)) return _targets[first].Slot;
        return TakeOther(shares, first, tried);
    }

    /// <summary>A request on a target ended: where their number is limited, another may go.</summary>
    public void Freed()
    {
        if (Balance.MaxInFlight > 0 && Waiting.Count > 0) Waiting.Release(1);
    }

    private int Choose(Shares shares, in Draw draw, ReadOnlySpan<TargetSlot?> tried)
    {
        if (draw.Sticky != 0 && _bySticky.TryGetValue(draw.Sticky, out var stuck) && shares.Levels[stuck] >= 0 && !tried.Contains(_targets[stuck].Slot)) return stuck;
        if (Balance.Policy == BalancePolicy.Hash) return shares.Hash?.Of(draw.Key) ?? -1;
        if (Balance.Policy == BalancePolicy.RoundRobin) return TargetChoice.Turn(shares.UpTo, _memory.NextTurn(), shares.Equal);

        var (first, second) = TargetChoice.Draw(shares.UpTo, draw.Random);
        if (first == second) return first;
        var (a, b) = (_targets[first].Slot, _targets[second].Slot);
        return TargetChoice.SecondIsFreer(a.InFlight, TargetChoice.Share(shares.UpTo, first), b.InFlight, TargetChoice.Share(shares.UpTo, second)) ? second : first;
    }

    /// <summary>From the drawn one on, the first that was not tried and has room: first among those with a share, then, level by level, among all that serve.</summary>
    private TargetSlot? TakeOther(Shares shares, int start, ReadOnlySpan<TargetSlot?> tried)
    {
        var last = 0;
        for (var level = -1; level <= last; level++)
        {
            for (var i = 0; i < _targets.Length; i++)
            {
                var at = (start + i) % _targets.Length;
                last = Math.Max(last, shares.Levels[at]);
                var counts = level < 0 ? TargetChoice.Share(shares.UpTo, at) > 0 : shares.Levels[at] == level;
                if (counts && !tried.Contains(_targets[at].Slot) && _targets[at].Slot.TryBegin(Balance.MaxInFlight)) return _targets[at].Slot;
            }
        }
        return null;
    }
}
