using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenCluster.Trust.Certificates;

/// <summary>A part's own key. It is made where it is used and never leaves that machine: what travels is a signing request.</summary>
public sealed class PartKey : IDisposable
{
    private readonly ECDsa _key;

    private PartKey(ECDsa key) => _key = key;

    public static PartKey Create() => new(CertificateForms.NewKey());

    /// <exception cref="CryptographicException">It is not a key.</exception>
    public static PartKey Read(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return new PartKey(key);
        }
        catch (ArgumentException notPem)
        {
            key.Dispose();
            throw new CryptographicException("It is not a key in PEM form.", notPem);
        }
    }

    public string Pem() => _key.ExportPkcs8PrivateKeyPem();

    public string Fingerprint => Certificates.Fingerprint.OfKey(Public);

    public PublicKey Public => new(_key);

    /// <summary>PKCS #10, signed by the key. It names nobody: the issuer knows better who asks.</summary>
    public string SigningRequest() => new CertificateRequest("CN=OpenCluster", _key, HashAlgorithmName.SHA256).CreateSigningRequestPem();

    /// <summary>The certificate with this key, ready for TLS.</summary>
    public X509Certificate2 With(X509Certificate2 certificate) => certificate.CopyWithPrivateKey(_key);

    /// <summary>Bytes only this key's holder can work out: what is kept on disk beside it is sealed with a key made from it.</summary>
    public byte[] Derive(string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _key.ExportParameters(true).D!, 32, info: System.Text.Encoding.UTF8.GetBytes("opencluster " + purpose));

    public void Dispose() => _key.Dispose();
}
