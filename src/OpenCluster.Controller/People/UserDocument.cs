using System.Collections.Immutable;
using OpenCluster.Api.Requests;

namespace OpenCluster.Controller.People;

/// <summary>A person: <c>controller/users/NAME</c>. The password is never here, only what it can be checked by.</summary>
internal sealed record UserDocument
{
    public const string KeyPrefix = "controller/users/";

    public required string PasswordHash { get; init; }
    /// <summary>In the whole cluster.</summary>
    public TokenRole Role { get; init; } = TokenRole.Read;
    /// <summary>More in some zones.</summary>
    public ImmutableSortedDictionary<string, TokenRole> Zones { get; init; } = ImmutableSortedDictionary<string, TokenRole>.Empty;
    public DateTimeOffset Created { get; init; }
}
