using System.Collections.Immutable;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Balancing;

/// <summary>Where a balancer's peers reach it, and what proves that it is it.</summary>
/// <param name="Port">At the address of its server.</param>
/// <param name="Fingerprint">SHA-256 of its certificate, lower-case hex.</param>
public sealed record PeerAddress(int Port, string Fingerprint);

/// <summary>A balancer as others of its cluster know it.</summary>
public sealed record Peer
{
    /// <summary>Instance id of the balancer process.</summary>
    public required string Balancer { get; init; }
    public required string Address { get; init; }
    public required int Port { get; init; }
    public required string Fingerprint { get; init; }
    public string Location { get; init; } = "default";
    /// <summary>Where apps register with it, <c>IP:PORT</c>; empty where they cannot.</summary>
    public ImmutableArray<string> Registrars { get; init; } = [];
}

/// <summary>What an app may do, known by the hashes of its secrets alone.</summary>
public sealed record AppToken
{
    public required string Name { get; init; }
    /// <summary>SHA-256 of the token, lower-case hex.</summary>
    public required string Hash { get; init; }
    /// <summary>SHA-256 of the key that a dynamic route asks for besides; null for a token without one.</summary>
    public string? KeyHash { get; init; }
    /// <summary>Id of the route it may register for; null for one that only asks the broker.</summary>
    public string? Route { get; init; }
    /// <summary>Endpoints it may ask the broker for, with their credentials.</summary>
    public ImmutableArray<string> Endpoints { get; init; } = [];
}

/// <summary>A route as far as it matters to what apps may claim.</summary>
public sealed record Site
{
    public required string Route { get; init; }
    public required string Name { get; init; }
    public RouteKind Kind { get; init; }
    public ImmutableArray<RouteMatch> Matches { get; init; } = [];
    /// <summary>Networks whose addresses may be registered; empty: only the address the app asks from.</summary>
    public ImmutableArray<string> RegisterFrom { get; init; } = [];
}

/// <summary>An endpoint that the broker can tell of: a port of a service, or what others run.</summary>
public sealed record BrokeredEndpoint
{
    /// <summary><c>SERVICE</c> for the main port, <c>SERVICE.PORT</c> for others, or the external endpoint's name.</summary>
    public required string Name { get; init; }
    /// <summary>What is spoken there.</summary>
    public string Protocol { get; init; } = "tcp";
    public string? User { get; init; }
    /// <summary>Name of the secret that holds the password.</summary>
    public string? Secret { get; init; }
    /// <summary>The password itself; null where the controller holds none.</summary>
    public string? Password { get; init; }
    public ImmutableArray<BrokeredPlace> Places { get; init; } = [];
}

/// <summary>One address of an endpoint.</summary>
/// <param name="Id">The instance's id; of an external endpoint, its id.</param>
/// <param name="Host">An IP address; of an external endpoint perhaps a host name.</param>
public sealed record BrokeredPlace(string Id, string Host, int Port, string Location = "");
