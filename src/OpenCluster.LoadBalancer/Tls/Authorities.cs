using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenCluster.LoadBalancer.Tls;

/// <summary>Certificates of authorities from a file: who may have signed the certificates of clients, or of targets.</summary>
internal sealed class Authorities
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private Authorities(X509Certificate2Collection roots) => Roots = roots;

    public X509Certificate2Collection Roots { get; }

    /// <exception cref="UnusableFileException"/>
    public static Authorities Read(string path)
    {
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPemFile(path);
        }
        catch (CryptographicException)
        {
            throw new UnusableFileException($"{path} holds a certificate that cannot be read");
        }
        return roots.Count > 0 ? new Authorities(roots) : throw new UnusableFileException($"{path} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
    }

    /// <summary>
    /// How a certificate of the other side is judged: signed by one of these, within its time, meant for this use. Nothing is fetched from
    /// anywhere, and revocation lists are not asked: short-lived certificates are the way to take one back.
    /// </summary>
    public X509ChainPolicy Policy(bool ofClients)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(Roots);
        policy.ApplicationPolicy.Add(new Oid(ofClients ? ClientAuthentication : ServerAuthentication));
        return policy;
    }
}
