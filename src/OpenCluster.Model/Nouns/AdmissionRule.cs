using System.Collections.Immutable;

namespace OpenCluster.Model.Nouns;

/// <summary>Which requests a route lets in. What is refused costs almost nothing, and is counted by reason.</summary>
public sealed record AdmissionRule
{
    /// <summary>Addresses and networks (<c>192.0.2.0/24</c>) that may come; empty for all.</summary>
    public ImmutableArray<string> From { get; init; } = [];
    /// <summary>Addresses and networks that may not, even where <see cref="From"/> names them.</summary>
    public ImmutableArray<string> NotFrom { get; init; } = [];
    /// <summary>The client must show a certificate that the listener trusts; null when it need not.</summary>
    public ClientCertificateRule? ClientCertificate { get; init; }
    /// <summary>For each client: an IPv4 address, or a /64 of IPv6.</summary>
    public LoadLimit PerClient { get; init; } = new();
    /// <summary>For all clients together.</summary>
    public LoadLimit InAll { get; init; } = new();
    /// <summary>Largest head of a request, 1 KiB to 32 KiB. Default 32 KiB.</summary>
    public int MaxHeadBytes { get; init; } = 32 * 1024;
}

/// <summary>Whose certificate lets a client in.</summary>
public sealed record ClientCertificateRule
{
    /// <summary>Common names or alternative names (DNS, e-mail, URI) that may come; empty for every one the listener trusts.</summary>
    public ImmutableArray<string> Names { get; init; } = [];
}

/// <summary>A bound on load. Zero for none.</summary>
public sealed record LoadLimit
{
    /// <summary>Requests per second, in the long run.</summary>
    public double Rate { get; init; }
    /// <summary>Requests that may come at once before the rate counts; 0 for as many as come in one second.</summary>
    public int Burst { get; init; }
    /// <summary>Requests (or tunnels) at one time.</summary>
    public int AtOnce { get; init; }
}
