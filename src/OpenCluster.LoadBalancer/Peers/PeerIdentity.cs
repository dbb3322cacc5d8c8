using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenCluster.LoadBalancer.Peers;

/// <summary>
/// The key pair by which peers know this balancer, made at its first start and kept in <c>peer.pfx</c>, and its fingerprint, which the
/// snapshot tells the others. The certificate is its own issuer and says nothing: what counts is that its fingerprint is in the snapshot.
/// </summary>
internal sealed class PeerIdentity : IDisposable
{
    private const int YearsValid = 50;

    private PeerIdentity(X509Certificate2 certificate)
    {
        Certificate = certificate;
        Fingerprint = FingerprintOf(certificate);
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>SHA-256 of the certificate, lower-case hex.</summary>
    public string Fingerprint { get; }

    public static string FingerprintOf(X509Certificate certificate) => Convert.ToHexStringLower(certificate.GetCertHash(HashAlgorithmName.SHA256));

    /// <summary>The one kept in the directory; a new one when there is none, or none that can be used, of which <paramref name="note"/> is told.</summary>
    /// <exception cref="IOException">A new one cannot be kept.</exception>
    public static PeerIdentity In(string directory, TimeProvider time, Action<string> note)
    {
        var file = Path.Combine(directory, "peer.pfx");
        try
        {
            return new PeerIdentity(X509CertificateLoader.LoadPkcs12FromFile(file, null));
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            // The first start.
        }
        catch (CryptographicException unusable)
        {
            if (File.Exists(file)) note($"{file} cannot be used ({unusable.Message}); peers will know this load-balancer by a new key, once the controller has told them");
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=opencluster-load-balancer", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(time.GetUtcNow().AddDays(-1), time.GetUtcNow().AddYears(YearsValid));
        var bytes = made.Export(X509ContentType.Pfx);
        var next = file + ".next";
        using (var stream = new FileStream(next, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        {
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }
        File.Move(next, file, overwrite: true);
        return new PeerIdentity(X509CertificateLoader.LoadPkcs12(bytes, null));
    }

    public void Dispose() => Certificate.Dispose();
}
