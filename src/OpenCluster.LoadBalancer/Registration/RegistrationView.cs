using System.Collections.Immutable;

namespace OpenCluster.LoadBalancer.Registration;

/// <summary>A registration as its app, and whoever looks, sees it.</summary>
internal sealed record RegistrationView
{
    public required string Id { get; init; }
    /// <summary>Where it is renewed and ended; only for the app itself.</summary>
    public string? Url { get; init; }
    public required string App { get; init; }
    public required string Instance { get; init; }
    public string Token { get; init; } = "";
    public string Route { get; init; } = "";
    /// <summary>Host and path of everything it claims, under all names of the route.</summary>
    public ImmutableArray<string> Paths { get; init; } = [];
    /// <summary>Where it is reached; <c>reverse</c> when it opens the connections.</summary>
    public string Address { get; init; } = "";
    public string Version { get; init; } = "";
    public string Location { get; init; } = "";
    public int Weight { get; init; }
    public string Endpoint { get; init; } = "";
    /// <summary><c>checking</c>, <c>serving</c>, <c>down</c>, or <c>conflict</c>: another app's claim is older.</summary>
    public required string State { get; init; }
    /// <summary>Why it does not serve; empty when it does.</summary>
    public string Reason { get; init; } = "";
    public DateTimeOffset Since { get; init; }
    /// <summary>What is left of its lease; renew it when a third of that is over.</summary>
    public double TtlSeconds { get; init; }
    /// <summary>Load-balancers that take its renewals as well, <c>IP:PORT</c>.</summary>
    public ImmutableArray<string> Registrars { get; init; } = [];
}
