using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenCluster.Trust.Certificates;

/// <summary>
/// A root with its key. The key is needed only to make an issuing authority (once in <see cref="IssuingAuthority.Lifetime"/>), so it
/// may lie elsewhere meanwhile; nothing that runs asks for it.
/// </summary>
public sealed class RootAuthority : IDisposable
{
    /// <summary>Ten years. Earlier it is replaced by rotation, never by running out.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(3650);

    /// <summary>OWASP's figure for PBKDF2 with SHA-256; a tenth of a second each time, which happens once a year.</summary>
    private static readonly PbeParameters Sealing = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 600_000);

    private readonly ECDsa _key;

    private RootAuthority(X509Certificate2 certificate, ECDsa key) => (Certificate, _key) = (certificate, key);

    /// <summary>With its key.</summary>
    public X509Certificate2 Certificate { get; }

    public string Domain => PartName.DomainOf(Certificate)!;

    /// <param name="domain">Of the cluster; null for a new one.</param>
    /// <param name="number">Counts the cluster's roots, from 1.</param>
    public static RootAuthority Create(string? domain, int number, DateTimeOffset now)
    {
        domain ??= Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)) + ".opencluster";
        var key = CertificateForms.NewKey();
        var request = CertificateForms.Root(new PublicKey(key), domain, number);
        using var bare = request.Create(
            request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now - CertificateForms.Backdate, now + Lifetime, CertificateForms.NewSerial());
        return new RootAuthority(bare.CopyWithPrivateKey(key), key);
    }

    /// <exception cref="CryptographicException">The key does not belong to the certificate, or one of them cannot be read.</exception>
    public static RootAuthority Read(string certificatePem, string keyPem)
    {
        using var bare = X509Certificate2.CreateFromPem(certificatePem);
        var key = ECDsa.Create();
        key.ImportFromPem(keyPem);
        return new RootAuthority(bare.CopyWithPrivateKey(key), key);
    }

    public string KeyPem() => _key.ExportPkcs8PrivateKeyPem();

    /// <summary>A new issuing authority below this root.</summary>
    public IssuingAuthority NewIssuing(DateTimeOffset now)
    {
        var key = CertificateForms.NewKey();
        using var bare = CertificateForms.Issuing(new PublicKey(key), Domain, now).Sign(Certificate, now, IssuingAuthority.Lifetime);
        return new IssuingAuthority(bare.CopyWithPrivateKey(key), key);
    }

    /// <summary>The next root, vouched for by this one: who believes this one believes that one too.</summary>
    public X509Certificate2 CrossSign(X509Certificate2 next, DateTimeOffset now) =>
        CertificateForms.Root(next.PublicKey, Domain, next.SubjectName).Sign(Certificate, now, Lifetime);

    /// <summary>The key, sealed with a passphrase (PKCS #8 by PBES2, RFC 8018), to be kept apart from everything that runs.</summary>
    public string SealedPem(string passphrase) => _key.ExportEncryptedPkcs8PrivateKeyPem(passphrase, Sealing);

    /// <exception cref="CryptographicException">The passphrase is wrong, or the key does not belong to this root.</exception>
    public static RootAuthority OpenSealed(string certificatePem, string sealedKeyPem, string passphrase)
    {
        using var bare = X509Certificate2.CreateFromPem(certificatePem);
        var key = ECDsa.Create();
        key.ImportFromEncryptedPem(sealedKeyPem, passphrase);
        using var own = bare.GetECDsaPublicKey();
        if (own is null || !own.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
            throw new CryptographicException("This is the key of another root, not of the one in use.");
        return new RootAuthority(bare.CopyWithPrivateKey(key), key);
    }

    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
    }
}
