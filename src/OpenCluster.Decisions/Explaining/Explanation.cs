using System.Collections.Immutable;
using System.Net;

namespace OpenCluster.Decisions.Explaining;

/// <summary>A request that somebody asks about.</summary>
public sealed record AskedRequest
{
    public required IPAddress From { get; init; }
    public bool IsSecure { get; init; }
    public int Port { get; init; }
    public required string Host { get; init; }
    /// <summary>Path and query, as a client sends them.</summary>
    public required string Target { get; init; }
    public string Method { get; init; } = "GET";
    public ImmutableArray<KeyValuePair<string, string>> Headers { get; init; } = [];
    /// <summary>Names of the client certificate it would show; empty for none.</summary>
    public ImmutableArray<string> CertificateNames { get; init; } = [];
}

/// <summary>What a load-balancer would do with a request, and why.</summary>
/// <param name="Route">Its name; empty when no route takes it.</param>
/// <param name="Status">The status the balancer would answer with itself; 0 when a target answers.</param>
/// <param name="Steps">In words, in the order of the stages.</param>
/// <param name="Targets">Where it may go, in the order of the snapshot.</param>
public sealed record Explanation(string Route, int Status, ImmutableArray<string> Steps, ImmutableArray<ExplainedTarget> Targets);

/// <param name="Share">Its part of such requests, 0 to 1.</param>
/// <param name="Why">Why it gets that.</param>
public sealed record ExplainedTarget(string Id, string Address, string Server, double Share, string Why);
