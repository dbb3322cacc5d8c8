using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using OpenCluster.Trust.Certificates;

namespace OpenCluster.Trust.Tls;

/// <summary>What one side of a connection believes, and what it shows of itself. Immutable.</summary>
/// <param name="Roots">Whom it believes.</param>
/// <param name="Certificate">What it shows, with its key and the issuing certificate; null for people, who show a token.</param>
public sealed record Credentials(RootBundle Roots, SslStreamCertificateContext? Certificate = null)
{
    /// <param name="certificate">With its key.</param>
    /// <param name="above">The issuing certificate, and what leads from there to an older root.</param>
    public static Credentials Of(RootBundle roots, X509Certificate2 certificate, X509Certificate2Collection above) =>
        // Offline: what is missing from the chain is not looked for on the network.
        new(roots, SslStreamCertificateContext.Create(certificate, above, offline: true));

    /// <summary>Until when the shown certificate counts; null when there is none.</summary>
    public DateTimeOffset? Until => Certificate is { } shown ? Validity.Until(shown.TargetCertificate) : null;

    /// <summary>These, whenever asked: for callers whose credentials do not change.</summary>
    public Credentials Itself() => this;
}
