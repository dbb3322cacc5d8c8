using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Plans;

/// <summary>Specifications of the built-in parts. Whoever starts a cluster before there is a controller uses the same, so that nothing restarts later.</summary>
public static class BuiltIn
{
    public static ServiceSpec Controller { get; } = new() { Kind = RunKind.Controller };

    /// <summary>Listeners come with the snapshot: changing them restarts nothing.</summary>
    public static ServiceSpec LoadBalancer(LoadBalancer balancer) => new()
    {
        Kind = RunKind.LoadBalancer,
        Ports = [new Port("metrics", Number: balancer.MetricsPort)],
    };
}
