using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>What a route keeps when a new snapshot replaces its plan: who waits, what retries were spent, what was counted.</summary>
internal sealed class RouteMemory
{
    public WaitingRoom Waiting { get; } = new();
    public RetryBudget Budget { get; } = new();
    public Observing.RouteCounters Counters { get; } = new();

    public void Use(RouteRules rules)
    {
        Waiting.Capacity = rules.WaitRequests;
        Budget.Share = rules.RetryBudget;
    }
}
