using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Support;

/// <summary>An authority of its own and what it signs, as files in a directory that ends with it.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;

    public TestCertificates()
    {
        Path = Directory.CreateTempSubdirectory("oc-tls-").FullName;
        var request = new CertificateRequest($"CN=Test authority {Guid.NewGuid():N}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-800), DateTimeOffset.UtcNow.AddDays(800));
        AuthorityFile = File("authority.pem");
        System.IO.File.WriteAllText(AuthorityFile, _authority.ExportCertificatePem());
    }

    public string Path { get; }
    public string AuthorityFile { get; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes NAME.pem and NAME.key, signed by the authority.</summary>
    public Certificate Write(string name, string[] hosts, int days = 90, string[]? shownFor = null)
    {
        var (certificate, key) = Make(hosts, days, forClient: false);
        System.IO.File.WriteAllText(File(name + ".pem"), certificate);
        System.IO.File.WriteAllText(File(name + ".key"), key);
        return new Certificate { Name = name, File = File(name + ".pem"), Key = File(name + ".key"), Hosts = [.. shownFor ?? []] };
    }

    /// <summary>Writes a certificate for a client, and returns the paths.</summary>
    public (string Certificate, string Key) WriteClient(string commonName)
    {
        var (certificate, key) = Make([commonName], 90, forClient: true);
        System.IO.File.WriteAllText(File(commonName + ".client.pem"), certificate);
        System.IO.File.WriteAllText(File(commonName + ".client.key"), key);
        return (File(commonName + ".client.pem"), File(commonName + ".client.key"));
    }

    public void Dispose()
    {
        Directory.Delete(Path, recursive: true);
        _authority.Dispose();
        _key.Dispose();
    }

    private (string Certificate, string Key) Make(string[] hosts, int days, bool forClient)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + hosts[0], key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
            if (IPAddress.TryParse(host, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(forClient ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1")], false));
        var serial = RandomNumberGenerator.GetBytes(8);
        var ends = DateTimeOffset.UtcNow.AddDays(days);
        using var signed = request.Create(_authority, days > 0 ? DateTimeOffset.UtcNow.AddDays(-1) : ends.AddDays(-10), ends, serial);
        return (signed.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
