using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using OpenCluster.Trust.Certificates;

namespace OpenCluster.Trust.Tls;

/// <summary>TLS 1.3 (RFC 8446) as the side that is called.</summary>
public static class ServerTls
{
    /// <summary>
    /// Asks the caller for a certificate. Who shows none goes on without (people bring a token); who shows one that our authority did not
    /// make is not talked to at all.
    /// </summary>
    /// <param name="refused">Told why somebody was refused, for the log.</param>
    /// <param name="protocols">For ALPN (RFC 7301), best first.</param>
    public static SslServerAuthenticationOptions Options(
        Credentials own, TimeProvider time, Action<string>? refused = null, bool required = false, params List<SslApplicationProtocol> protocols) => new()
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            ServerCertificateContext = own.Certificate,
            ClientCertificateRequired = true,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = own.Roots.Policy(),
            // A resumed session would not show the caller's certificate anew.
            AllowTlsResume = false,
            ApplicationProtocols = protocols.Count == 0 ? null : protocols,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                if (certificate is null) return !required;
                var verdict = PeerCheck.Judge((X509Certificate2)certificate, chain, !errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors), own.Roots, time.GetUtcNow());
                if (verdict.Refused is { } why) refused?.Invoke(why);
                return verdict.Refused is null;
            },
        };
}
