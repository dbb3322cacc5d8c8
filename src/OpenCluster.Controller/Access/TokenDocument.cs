using System.Collections.Immutable;
using OpenCluster.Api.Requests;

namespace OpenCluster.Controller.Access;

/// <summary>A token as it is kept: never itself, only its SHA-256 (which is the document's name).</summary>
internal sealed record TokenDocument
{
    public required TokenRole Role { get; init; }
    /// <summary>Whom it stands for in the audit trail: <c>admin</c>, <c>ci</c>.</summary>
    public required string Name { get; init; }
    /// <summary>For an app: id of the route it may register for.</summary>
    public string? Route { get; init; }
    /// <summary>For an app of a dynamic route: SHA-256 of its key.</summary>
    public string? KeyHash { get; init; }
    /// <summary>For an app: endpoints it may ask the broker for.</summary>
    public ImmutableArray<string> Endpoints { get; init; } = [];
    /// <summary>For a session: whose it is. What it may do is what the user may, now.</summary>
    public string? User { get; init; }
    /// <summary>Not valid after that; null for ever.</summary>
    public DateTimeOffset? Expires { get; init; }
    public DateTimeOffset Created { get; init; }
}
