using System.Collections.Immutable;
using OpenCluster.Api.Requests;

namespace OpenCluster.Api.Views;

/// <summary>A session just opened; its token is shown this once.</summary>
public sealed record SessionView(string Token, string User, TokenRole Role, DateTimeOffset Expires);

/// <summary>A user as others see them.</summary>
/// <param name="Sessions">Open now.</param>
public sealed record UserView(string Name, TokenRole Role, ImmutableSortedDictionary<string, TokenRole> Zones, DateTimeOffset Created, int Sessions);
