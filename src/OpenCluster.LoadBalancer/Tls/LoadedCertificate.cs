using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tls;

/// <summary>A certificate with its key and those between it and its authority, as read from its files. The key never leaves this process.</summary>
internal sealed class LoadedCertificate
{
    private LoadedCertificate(X509Certificate2 leaf, X509Certificate2Collection between, IReadOnlyList<string> hosts)
    {
        Leaf = leaf;
        Between = between;
        Hosts = hosts;
    }

    public X509Certificate2 Leaf { get; }
    public X509Certificate2Collection Between { get; }

    /// <summary>The DNS names it names itself, lower case.</summary>
    public IReadOnlyList<string> Hosts { get; }

    public DateTimeOffset Ends => new(Leaf.NotAfter.ToUniversalTime());

    /// <exception cref="UnusableFileException"/>
    public static LoadedCertificate Read(Certificate plan, TimeProvider time)
    {
        var text = File.ReadAllText(plan.File);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(text);
        if (chain.Count == 0) throw new UnusableFileException($"{plan.File} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
        var leaf = WithKey(plan, text);
        if (leaf.NotAfter.ToUniversalTime() <= time.GetUtcNow().UtcDateTime) throw new UnusableFileException($"the certificate in {plan.File} ended on {Day(leaf.NotAfter)}");
        chain.RemoveAt(0);
        return new LoadedCertificate(leaf, chain, [.. CertificateNames.Dns(leaf).Select(n => n.ToLowerInvariant())]);
    }

    public static string Day(DateTime local) => local.ToUniversalTime().ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    private static X509Certificate2 WithKey(Certificate plan, string certificate)
    {
        var key = File.ReadAllText(plan.Key);
        if (key.Contains("ENCRYPTED", StringComparison.Ordinal)) throw new UnusableFileException($"the key in {plan.Key} is encrypted; store it without a password, readable by the load-balancer alone");
        if (!key.Contains("PRIVATE KEY-----", StringComparison.Ordinal)) throw new UnusableFileException($"{plan.Key} holds no private key in PEM (-----BEGIN PRIVATE KEY-----)");
        try
        {
            return X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (Exception refused) when (refused is CryptographicException or ArgumentException)
        {
            // What the framework says may repeat what it was given.
            throw new UnusableFileException($"the key in {plan.Key} does not belong to the certificate in {plan.File}, or is neither RSA nor EC");
        }
    }
}
