using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Plans;

/// <summary>Specifications of the built-in parts. Whoever starts a cluster before there is a controller uses the same, so that nothing restarts later.</summary>
public static class BuiltIn
{
    public static ServiceSpec Controller { get; } = new() { Kind = RunKind.Controller };

    /// <summary>What the space says of its copies comes with the agent's seat in its set.</summary>
    public static ServiceSpec Space(DataSpace space) => new()
    {
        Kind = RunKind.Redis,
        Run = space.Program,
        Ports = [new Port("redis", Number: space.Port)],
        // A log of many gigabytes is read before anything is answered.
        Check = new HealthCheck { StartWithin = TimeSpan.FromHours(1) },
    };

    /// <summary>Listeners come with the snapshot: changing them restarts nothing.</summary>
    public static ServiceSpec LoadBalancer(LoadBalancer balancer) => new()
    {
        Kind = RunKind.LoadBalancer,
        Ports = [new Port("metrics", Number: balancer.MetricsPort)],
    };
}
