using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Observing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Routing;

/// <summary>A compiled route: where its requests go and by which rules. Immutable; what lasts is in its memory.</summary>
/// <param name="Steps">What happens to a request before a target is chosen, in this order.</param>
internal sealed record RouteEntry(string Id, string Name, RouteRules Rules, TargetPool Pool, RouteStep[] Steps, RouteMemory Memory)
{
    public RouteCounters Counters => Memory.Counters;

    /// <summary>Who may come in, for a route of connections or datagrams.</summary>
    public ConnectionGate Connections { get; } = new(Rules, Memory.Gate, Memory.Counters);
}
