using OpenCluster.Api.Requests;

namespace OpenCluster.Api.Views;

/// <summary>A token just made. It is shown this once: the controller keeps only its hash.</summary>
/// <param name="Key">For an app's token of a dynamic route: the key that each registration gives besides. Shown this once too.</param>
public sealed record NewTokenView(string Id, string Name, TokenRole Role, string Token, string? Key = null);

/// <summary>A token as it is known: the id is the start of its hash.</summary>
public sealed record TokenView(string Id, string Name, TokenRole Role, DateTimeOffset Created, string? Route = null);

/// <summary>What a webhook led to, in a sentence, for the sender's delivery log.</summary>
public sealed record WebhookAnswer(string Result);

/// <summary>The controller answers, and how it is: for monitors.</summary>
public sealed record HealthView(string Status, string Version);
