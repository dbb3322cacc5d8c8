using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenCluster.Benchmarks.Machine;

namespace OpenCluster.Benchmarks.LoadBalancing;

/// <summary>One certificate for all proxies of a run, signed by itself; the generators do not check it.</summary>
internal static class Certificates
{
    /// <summary>Writes <c>crt</c> and <c>key</c>, and <c>pem</c> with both, as HAProxy wants them.</summary>
    public static void Write(WorkDirectory work, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(time.GetUtcNow().AddDays(-1), time.GetUtcNow().AddDays(2));
        var (crt, pem) = (certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
        work.Write("crt", crt);
        work.Write("key", pem);
        work.Write("pem", crt + pem);
    }
}
