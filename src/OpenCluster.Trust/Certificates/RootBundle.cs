using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenCluster.Trust.Certificates;

/// <summary>
/// The roots a part believes. One as a rule; two while the root is being rotated, so that what either has signed is good. Immutable.
/// </summary>
public sealed class RootBundle
{
    /// <summary>More are never needed: a rotation begins when the one before has ended.</summary>
    private const int MostRoots = 4;

    private readonly ImmutableArray<X509Certificate2> _roots;

    private RootBundle(ImmutableArray<X509Certificate2> roots) => _roots = roots;

    /// <summary>Oldest first; never empty.</summary>
    public ImmutableArray<X509Certificate2> Roots => _roots;

    /// <summary>The cluster's trust domain, the same in all.</summary>
    public string Domain => PartName.DomainOf(_roots[0])!;

    /// <summary>Of the newest root: what people compare and join lines carry.</summary>
    public string Fingerprint => Certificates.Fingerprint.Of(_roots[^1]);

    public static RootBundle Of(params ReadOnlySpan<X509Certificate2> roots) => new([.. roots]);

    /// <exception cref="CryptographicException">It holds no root of a cluster, too many, or roots of different clusters.</exception>
    public static RootBundle Parse(string pem)
    {
        var read = new X509Certificate2Collection();
        read.ImportFromPem(pem);
        if (read.Count is 0 or > MostRoots) throw new CryptographicException($"A list of roots holds 1 to {MostRoots} certificates, and this one {read.Count}.");
        if (PartName.DomainOf(read[0]) is not { } domain || read.Any(root => PartName.DomainOf(root) != domain))
            throw new CryptographicException("These certificates are not the roots of one cluster.");
        return new RootBundle([.. read]);
    }

    /// <summary>With one more root, the newest.</summary>
    public RootBundle Add(X509Certificate2 root) => Knows(Certificates.Fingerprint.Of(root)) ? this : new RootBundle(_roots.Add(root));

    /// <summary>With the newest root alone.</summary>
    public RootBundle NewestOnly() => new([_roots[^1]]);

    public bool Knows(string fingerprint) => _roots.Any(root => Certificates.Fingerprint.Of(root) == fingerprint);

    public string ToPem() => string.Concat(_roots.Select(root => root.ExportCertificatePem() + "\n"));

    /// <summary>
    /// How chains to these roots are built: nothing of the machine's own store counts, nothing is fetched from anywhere. Times are judged
    /// afterwards by <see cref="PeerCheck"/>, because a part whose certificate has just run out must be told apart from a stranger.
    /// </summary>
    public X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid,
        };
        foreach (var root in _roots) policy.CustomTrustStore.Add(root);
        return policy;
    }
}
