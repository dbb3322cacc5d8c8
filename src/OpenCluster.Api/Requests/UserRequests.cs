using System.Collections.Immutable;

namespace OpenCluster.Api.Requests;

/// <summary>A person opens a session.</summary>
public sealed record LogInRequest(string User, string Password);

/// <summary>A user to add or change.</summary>
public sealed record UserRequest
{
    /// <summary>In the whole cluster: read, deploy or admin.</summary>
    public TokenRole Role { get; init; } = TokenRole.Read;
    /// <summary>More in some zones, by name: <c>{"development": "deploy"}</c>.</summary>
    public ImmutableSortedDictionary<string, TokenRole> Zones { get; init; } = ImmutableSortedDictionary<string, TokenRole>.Empty;
    /// <summary>12 to 256 characters; null keeps the one there is. Another password ends the user's sessions.</summary>
    public string? Password { get; init; }
    public string Why { get; init; } = "";
}
