using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenCluster.Trust.Certificates;

/// <summary>Signs the parts' certificates. Its key lives with the controller; stolen, it is replaced by the root without anybody joining anew.</summary>
public sealed class IssuingAuthority(X509Certificate2 certificate, ECDsa key) : IDisposable
{
    /// <summary>One year; replaced at half of it where the root's key is at hand.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    /// <summary>Of a part's certificate: short, so that a stolen one is soon worth nothing, and no list of revoked ones is needed.</summary>
    public static readonly TimeSpan PartLifetime = TimeSpan.FromHours(24);

    /// <summary>Longest signing request that is looked at.</summary>
    private const int MaxRequest = 4096;

    /// <summary>With its key.</summary>
    public X509Certificate2 Certificate { get; } = certificate;

    public string Domain => PartName.DomainOf(Certificate)!;

    /// <exception cref="CryptographicException">The key does not belong to the certificate, or one of them cannot be read.</exception>
    public static IssuingAuthority Read(string certificatePem, string keyPem)
    {
        using var bare = X509Certificate2.CreateFromPem(certificatePem);
        var key = ECDsa.Create();
        key.ImportFromPem(keyPem);
        return new IssuingAuthority(bare.CopyWithPrivateKey(key), key);
    }

    public string KeyPem() => key.ExportPkcs8PrivateKeyPem();

    /// <summary>A certificate for a part's key. What it may call itself is decided by who asks for it, never by what it asks for.</summary>
    /// <param name="hosts">IP addresses and names it is reached by; empty for parts that are only clients.</param>
    public X509Certificate2 Issue(PublicKey part, PartName name, IEnumerable<string> hosts, DateTimeOffset now) =>
        CertificateForms.Part(part, name, hosts).Sign(Certificate, now, PartLifetime);

    /// <summary>
    /// The public key of a signing request (PKCS #10, RFC 2986), whose signature proves that the asker holds the other half. Names in
    /// the request are ignored. Null when it is no such request, or the key is not ECDSA P-256.
    /// </summary>
    public static PublicKey? KeyOfRequest(string pem)
    {
        if (pem.Length > MaxRequest) return null;
        try
        {
            var request = CertificateRequest.LoadSigningRequestPem(pem, HashAlgorithmName.SHA256);
            using var key = request.PublicKey.GetECDsaPublicKey();
            return key?.ExportParameters(false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value ? request.PublicKey : null;
        }
        catch (Exception wrong) when (wrong is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        Certificate.Dispose();
        key.Dispose();
    }
}
