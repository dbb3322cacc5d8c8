namespace OpenCluster.LoadBalancer;

/// <summary>What one balancer process is told when it starts. Where it listens and what it serves come with the snapshot.</summary>
public sealed record LoadBalancerOptions
{
    /// <summary>Holds the last good snapshot and the hand-over socket; kept across restarts. Made when missing, mode 0700.</summary>
    public required string Directory { get; init; }

    /// <summary>The instance id that snapshots and reports are for.</summary>
    public required string InstanceId { get; init; }

    /// <summary>Where metrics, health and the list of targets are served. Default loopback.</summary>
    public string MetricsAddress { get; init; } = "127.0.0.1";

    /// <summary>0 for none. Default 0.</summary>
    public int MetricsPort { get; init; }

    /// <summary>Appended to; null for no access log.</summary>
    public string? AccessLog { get; init; }

    /// <summary>The longest wait for requests in flight when the process ends. Default 10 s.</summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Between two reports to the controller. Default 1 s; changes of a target are reported at once.</summary>
    public TimeSpan ReportEvery { get; init; } = TimeSpan.FromSeconds(1);
}
