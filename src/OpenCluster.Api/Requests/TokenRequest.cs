namespace OpenCluster.Api.Requests;

/// <summary>What a token is for. Read, Deploy and Admin each include the one before; Agent stands apart.</summary>
public enum TokenRole
{
    /// <summary>A server's agent and the balancers on it: may speak for its own server, and fetch what that server is to run.</summary>
    Agent,
    /// <summary>See everything but secrets.</summary>
    Read,
    /// <summary>And deploy, roll back, scale, pause, read logs.</summary>
    Deploy,
    /// <summary>And change the cluster, run commands, make tokens.</summary>
    Admin,
}

/// <summary>A new token for a person or a script; agents get theirs by server.</summary>
/// <param name="Name">Whom it stands for in the audit trail: lower-case letters, digits and hyphens, 1 to 63.</param>
public sealed record TokenRequest(string Name, TokenRole Role, string Why = "");
