using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenCluster.Trust.Certificates;

/// <summary>
/// The three forms of certificate there are (RFC 5280). All keys are ECDSA P-256: made in a millisecond, and every TLS library has it.
/// </summary>
internal static class CertificateForms
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>Certificates count as valid from a little before they were made: the clocks of two machines are never quite the same.</summary>
    public static readonly TimeSpan Backdate = TimeSpan.FromHours(1);

    public static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>A root: signs issuing authorities, and the next root.</summary>
    public static CertificateRequest Root(PublicKey key, string domain, int number) =>
        Root(key, domain, new X500DistinguishedName($"CN=OpenCluster root {number},O={domain}"));

    /// <summary>The same under the name it already has.</summary>
    public static CertificateRequest Root(PublicKey key, string domain, X500DistinguishedName name) => Authority(key, domain, name, pathLength: null);

    /// <summary>An issuing authority: signs parts, and no further authority.</summary>
    public static CertificateRequest Issuing(PublicKey key, string domain, DateTimeOffset made) =>
        Authority(key, domain, new X500DistinguishedName($"CN=OpenCluster issuing {made.UtcDateTime:yyyy-MM-dd HHmmss},O={domain}"), pathLength: 0);

    /// <summary>A part: speaks for itself as a client and as a server.</summary>
    /// <param name="hosts">IP addresses and names by which browsers and curl may reach it; the parts themselves go by the URI.</param>
    public static CertificateRequest Part(PublicKey key, PartName name, IEnumerable<string> hosts)
    {
        var request = new CertificateRequest(new X500DistinguishedName($"CN=OpenCluster {name.Kind}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication), new Oid(ClientAuthentication)], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(name.Uri);
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(host);
        }

        request.CertificateExtensions.Add(names.Build());
        return request;
    }

    /// <summary>Signs a request. It never outlives what signs it.</summary>
    public static X509Certificate2 Sign(this CertificateRequest request, X509Certificate2 issuer, DateTimeOffset now, TimeSpan lifetime)
    {
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var (from, until) = (now - Backdate, now + lifetime);
        var (earliest, latest) = (Validity.From(issuer), Validity.Until(issuer));
        return request.Create(issuer, from < earliest ? earliest : from, until > latest ? latest : until, NewSerial());
    }

    private static CertificateRequest Authority(PublicKey key, string domain, X500DistinguishedName subject, int? pathLength)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, pathLength is not null, pathLength ?? 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(key, false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(PartName.DomainUri(domain));
        request.CertificateExtensions.Add(names.Build());
        return request;
    }

    /// <summary>Positive and of 127 random bits (RFC 5280, section 4.1.2.2, wants at most 20 bytes).</summary>
    public static byte[] NewSerial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x01);
        return serial;
    }
}
