using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Caching;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>What a route keeps when a new snapshot replaces its plan: who waits, what retries were spent, what was counted.</summary>
internal sealed class RouteMemory(RouteGate gate)
{
    private int _turn;

    public WaitingRoom Waiting { get; } = new();
    public RouteGate Gate { get; } = gate;
    /// <summary>Null while the route keeps no answers.</summary>
    public CacheStore? Cache { get; private set; }
    public RetryBudget Budget { get; } = new();
    public Observing.RouteCounters Counters { get; } = new();

    /// <summary>Counts on, for round robin.</summary>
    public uint NextTurn() => (uint)Interlocked.Increment(ref _turn);

    /// <summary>For a route of TCP, UDP or TLS that passes through.</summary>
    public Relaying.ConnectionCounters Connections { get; } = new();

    public void Use(RouteRules rules)
    {
        Waiting.Capacity = rules.WaitRequests;
        Budget.Share = rules.RetryBudget;
        Gate.Use(rules.Admit);
        Cache = rules.Cache is null ? null : Cache ?? new CacheStore();
        Cache?.Use(rules.Cache!);
    }
}
