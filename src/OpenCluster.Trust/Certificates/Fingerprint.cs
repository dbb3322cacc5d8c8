using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenCluster.Trust.Certificates;

/// <summary>SHA-256 in lower-case hex: of a whole certificate, for people to compare, and of a public key, by which parts are known.</summary>
public static class Fingerprint
{
    public static string Of(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span));

    /// <summary>Of the key alone: it stays when the certificate is renewed.</summary>
    public static string OfKey(X509Certificate2 certificate) => OfKey(certificate.PublicKey);

    public static string OfKey(PublicKey key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
}
