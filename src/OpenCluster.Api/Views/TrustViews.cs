namespace OpenCluster.Api.Views;

/// <summary>The roots that parts of the cluster believe, as PEM, newest last; public.</summary>
/// <param name="Fingerprint">SHA-256 of the newest, for people to compare.</param>
public sealed record RootsView(string Roots, string Fingerprint);

/// <summary>How a server joins: <c>opencluster join LINE</c> on it. Shown this once.</summary>
public sealed record JoinTokenView(string Server, string Line, DateTimeOffset Expires);

/// <summary>A certificate just signed.</summary>
/// <param name="Chain">PEM: the part's own, then those above it.</param>
/// <param name="Roots">PEM: what to believe from now on.</param>
/// <param name="Server">For an agent: its server's id, or name where it has none yet.</param>
public sealed record CertificateView(string Chain, string Roots, string Server, DateTimeOffset Until);
