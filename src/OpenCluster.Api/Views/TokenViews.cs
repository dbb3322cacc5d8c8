using OpenCluster.Api.Requests;

namespace OpenCluster.Api.Views;

/// <summary>A token just made. It is shown this once: the controller keeps only its hash.</summary>
public sealed record NewTokenView(string Id, string Name, TokenRole Role, string Token);

/// <summary>A token as it is known: the id is the start of its hash.</summary>
public sealed record TokenView(string Id, string Name, TokenRole Role, string? Server, DateTimeOffset Created);

/// <summary>What a webhook led to, in a sentence, for the sender's delivery log.</summary>
public sealed record WebhookAnswer(string Result);

/// <summary>The controller answers, and how it is: for monitors.</summary>
public sealed record HealthView(string Status, string Version);
