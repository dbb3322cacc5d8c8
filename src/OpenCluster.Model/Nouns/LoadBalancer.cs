using System.Collections.Immutable;

namespace OpenCluster.Model.Nouns;

/// <summary>A load-balancer: the servers of a role in a zone each run one process of it.</summary>
public sealed record LoadBalancer : INamed
{
    public string Id { get; init; } = "";
    public required string Name { get; init; }
    public string? RenamedFrom { get; init; }
    /// <summary>The role whose servers run it.</summary>
    public required string Role { get; init; }
    /// <summary>Only servers of this zone; null for any.</summary>
    public string? Zone { get; init; }
    public required ImmutableArray<Listener> Listeners { get; init; }
    /// <summary>Where metrics and health of the balancer itself are served; 0 lets the agent choose.</summary>
    public int MetricsPort { get; init; }
    public AccessLogFormat AccessLog { get; init; }
    /// <summary>Null: no request is traced.</summary>
    public TraceRule? Traces { get; init; }
}
