using System.Collections.Immutable;

namespace OpenCluster.Api.Requests;

/// <summary>What a token is for. Read, Deploy and Admin each include the one before; Agent and App stand apart.</summary>
public enum TokenRole
{
    /// <summary>A server's agent or a balancer: no token but a certificate; may speak for its own server, and fetch what that server is to run.</summary>
    Agent,
    /// <summary>An app: may register for one route with the load-balancers and ask their broker. Opens nothing here.</summary>
    App,
    /// <summary>See everything but secrets.</summary>
    Read,
    /// <summary>And deploy, roll back, scale, pause, read logs.</summary>
    Deploy,
    /// <summary>And change the cluster, run commands, make tokens.</summary>
    Admin,
}

/// <summary>A new token for a person, a script or an app.</summary>
/// <param name="Name">Whom it stands for in the audit trail: lower-case letters, digits and hyphens, 1 to 63.</param>
public sealed record TokenRequest(string Name, TokenRole Role, string Why = "")
{
    /// <summary>For an app: the route it may register for. Null: it only asks the broker.</summary>
    public string? Route { get; init; }
    /// <summary>For an app: endpoints it may ask the broker for, and whose credentials it may have.</summary>
    public ImmutableArray<string> Endpoints { get; init => field = value.IsDefault ? [] : value; } = [];
}
