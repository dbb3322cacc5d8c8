using System.Collections.Immutable;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Http;

namespace OpenCluster.Controller.Access;

/// <summary>Who makes a request, and from where.</summary>
/// <param name="Name">As the audit trail shows it: <c>admin</c>, <c>ci</c>, <c>agent web1</c>.</param>
/// <param name="Server">For an agent: its server's id, or name while the server is not known yet.</param>
internal sealed record Caller(TokenRole Role, string Name, string? Server, string From)
{
    /// <summary>What the caller showed: SHA-256 of a token, or of an agent's public key; null for who needs none.</summary>
    public string? Credential { get; init; }

    /// <summary>For an agent: its certificate has run out, within the grace in which it may renew it.</summary>
    public bool Late { get; init; }

    /// <summary>For a load-balancer: its instance id. It speaks for itself alone.</summary>
    public string? Balancer { get; init; }

    /// <summary>The process itself: start, timers.</summary>
    public static Caller Controller { get; } = new(TokenRole.Admin, "controller", null, "local");

    /// <summary>For a person: more than <see cref="Role"/> in some zones, by name.</summary>
    public ImmutableSortedDictionary<string, TokenRole> Zones { get; init; } = ImmutableSortedDictionary<string, TokenRole>.Empty;

    /// <summary>True when something in this zone that asks for <paramref name="role"/> is open to this caller.</summary>
    public bool IncludesIn(string zone, TokenRole role) => Includes(role) || (Zones.TryGetValue(zone, out var there) && there >= role && role > TokenRole.App);

    /// <exception cref="Api.ProblemException">It is not open to this caller.</exception>
    public void RequireIn(string zone, TokenRole role)
    {
        if (!IncludesIn(zone, role)) throw Problems.NotAllowed($"\"{Name}\" is not {role.ToString().ToLowerInvariant()} in zone {zone}.");
    }

    /// <summary>True when a route that asks for <paramref name="role"/> is open to this caller.</summary>
    public bool Includes(TokenRole role) => Role == role || (role >= TokenRole.Read && Role > role);
}
