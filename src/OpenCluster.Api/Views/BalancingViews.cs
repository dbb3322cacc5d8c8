using System.Collections.Immutable;
using OpenCluster.Model.Balancing;

namespace OpenCluster.Api.Views;

/// <summary>What a load-balancer reported last. Counters run since its process started; whoever wants rates asks twice.</summary>
public sealed record BalancerLoadView
{
    public required string Instance { get; init; }
    public required string LoadBalancer { get; init; }
    public string Server { get; init; } = "";
    public long Requests { get; init; }
    /// <summary>Answered with an error of its own.</summary>
    public long Failed { get; init; }
    /// <summary>When it reported; null for one that never did.</summary>
    public DateTimeOffset? HeardAt { get; init; }
    public ImmutableArray<TargetLoadView> Targets { get; init; } = [];
}

/// <summary>A target as one load-balancer sees it.</summary>
public sealed record TargetLoadView
{
    public required string Id { get; init; }
    /// <summary>The service's name; empty for an app that registered.</summary>
    public string Service { get; init; } = "";
    public string Server { get; init; } = "";
    public TargetState State { get; init; }
    public long Requests { get; init; }
    public long Failed { get; init; }
    public int InFlight { get; init; }
    /// <summary>The last failure in words.</summary>
    public string? Reason { get; init; }
}

/// <summary>What one load-balancer would do with a request, and why.</summary>
public sealed record ExplanationView
{
    public required string Balancer { get; init; }
    public string Server { get; init; } = "";
    /// <summary>Empty when no route takes it.</summary>
    public string Route { get; init; } = "";
    /// <summary>The status the balancer answers with itself; 0 when a target answers.</summary>
    public int Status { get; init; }
    /// <summary>In words, in the order of the stages.</summary>
    public ImmutableArray<string> Steps { get; init; } = [];
    public ImmutableArray<ExplainedTargetView> Targets { get; init; } = [];
}

/// <param name="Share">Its part of such requests, 0 to 1.</param>
public sealed record ExplainedTargetView(string Id, string Address, string Server, double Share, string Why);

/// <param name="Number">Of the purge, counted in the cluster.</param>
public sealed record CachePurgeView(long Number);
