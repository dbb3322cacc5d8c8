using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenCluster.LoadBalancer.Tls;

/// <summary>A certificate whose key a client has proved to own, signed by an authority that the listener trusts. Immutable.</summary>
internal sealed class ClientCertificate
{
    public ClientCertificate(X509Certificate2 certificate)
    {
        Subject = certificate.Subject;
        Names = [.. CertificateNames.All(certificate)];
        Fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
        Header = $"Client-Cert: :{Convert.ToBase64String(certificate.RawData)}:\r\n";
    }

    public string Subject { get; }

    /// <summary>Its common name and alternative names of kinds DNS, e-mail and URI.</summary>
    public ImmutableArray<string> Names { get; }

    /// <summary>SHA-256 of the certificate, lower-case hexadecimal.</summary>
    public string Fingerprint { get; }

    /// <summary>The header line that tells targets of it (RFC 9440), with its CRLF. What clients send under that name is never passed on.</summary>
    public string Header { get; }
}
