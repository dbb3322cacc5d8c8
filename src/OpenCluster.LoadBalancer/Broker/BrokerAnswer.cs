using System.Collections.Immutable;

namespace OpenCluster.LoadBalancer.Broker;

/// <summary>How to connect to an endpoint: ways in order of preference, each a whole answer; when one fails, take the next.</summary>
internal sealed record BrokerAnswer
{
    public required string Endpoint { get; init; }
    /// <summary>What is spoken there: <c>http</c>, <c>postgres</c>, <c>redis</c>.</summary>
    public string Protocol { get; init; } = "";
    public string? User { get; init; }
    public string? Password { get; init; }
    /// <summary>Name of the secret that holds the password, where the answer cannot.</summary>
    public string? Secret { get; init; }
    /// <summary>Ask again after so long, or watch.</summary>
    public int TtlSeconds { get; init; }
    public ImmutableArray<BrokerWay> Ways { get; init; } = [];
}

/// <summary>One way to connect.</summary>
internal sealed record BrokerWay
{
    /// <summary><c>direct</c>: to host and port. <c>through</c>: to this load-balancer, at <see cref="Path"/>, by upgrading to <see cref="Upgrade"/>.</summary>
    public required string How { get; init; }
    public string? Host { get; init; }
    public int? Port { get; init; }
    public string? Location { get; init; }
    /// <summary><c>up</c>, <c>unknown</c> when nobody checks it, or <c>down</c> when there is nothing better.</summary>
    public string? State { get; init; }
    public string? Path { get; init; }
    public string? Upgrade { get; init; }
}
