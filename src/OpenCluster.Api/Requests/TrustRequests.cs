namespace OpenCluster.Api.Requests;

/// <summary>A machine asks to become a server of the cluster.</summary>
public sealed record JoinRequest
{
    /// <summary>Good once; the same token with the same key again is the same question.</summary>
    public required string Token { get; init; }
    /// <summary>Signing request (PKCS #10, PEM) of a key made on the machine; names in it are ignored.</summary>
    public required string SigningRequest { get; init; }
}

/// <summary>A new token with which a server joins.</summary>
/// <param name="Minutes">How long it is good: 1 to 1,440, default 60.</param>
/// <param name="Rejoin">The server has joined before: whoever joins with this token takes its place, and the key it had is struck off.</param>
public sealed record JoinTokenRequest(int Minutes = 60, bool Rejoin = false, string Why = "");

/// <summary>A server is to carry no load.</summary>
/// <param name="Maintenance">It will be away: its load-balancers stop too while others serve, and that it goes and boots is no trouble.</param>
public sealed record RespiteRequest(bool Maintenance = false, string Why = "");

/// <summary>An agent asks for a certificate: for its own key, or for a load-balancer on its server.</summary>
public sealed record CertifyRequest
{
    /// <summary>Signing request (PKCS #10, PEM).</summary>
    public required string SigningRequest { get; init; }
    /// <summary>Instance id of a load-balancer on the asking server; null for the agent itself.</summary>
    public string? Balancer { get; init; }
}
