using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenCluster.Trust.Files;

namespace OpenCluster.Trust.Certificates;

/// <summary>
/// The cluster's authority in a directory for the controller alone. The root's key may be taken away: then nothing new can be made of
/// it until it is brought back, and everything else goes on.
/// </summary>
/// <remarks>
/// <c>roots.pem</c> (what parts believe, newest last), <c>root.pem</c> and <c>root.key</c> (the newest root), <c>issuing.pem</c> and
/// <c>issuing.key</c>, <c>cross.pem</c> (after a rotation: the newest root signed by the one before, for parts that slept through it).
/// </remarks>
public sealed class AuthorityFiles(string directory)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private string RootsFile => Path.Combine(directory, "roots.pem");
    private string RootFile => Path.Combine(directory, "root.pem");
    private string RootKeyFile => Path.Combine(directory, "root.key");
    private string IssuingFile => Path.Combine(directory, "issuing.pem");
    private string IssuingKeyFile => Path.Combine(directory, "issuing.key");
    private string CrossFile => Path.Combine(directory, "cross.pem");

    /// <summary>Where the roots are, for whoever on this machine has to believe them.</summary>
    public string Roots => RootsFile;

    public bool HasRootKey => File.Exists(RootKeyFile);

    /// <summary>Makes the authority when there is none yet. A start that was cut short is gone on with.</summary>
    public void Ensure(DateTimeOffset now)
    {
        if (File.Exists(IssuingFile)) return;
        Directory.CreateDirectory(directory, OwnerOnly);
        using var root = File.Exists(RootsFile) ? ReadRoot() : MakeRoot(now);
        using var issuing = root.NewIssuing(now);
        Write(issuing);
    }

    /// <exception cref="CryptographicException">A file is damaged.</exception>
    public RootBundle ReadRoots() => RootBundle.Parse(File.ReadAllText(RootsFile));

    /// <exception cref="CryptographicException">A file is damaged.</exception>
    public IssuingAuthority ReadIssuing() => IssuingAuthority.Read(File.ReadAllText(IssuingFile), File.ReadAllText(IssuingKeyFile));

    /// <summary>The newest root, signed by the one before; null when it was never rotated.</summary>
    public X509Certificate2? ReadCross() => File.Exists(CrossFile) ? X509Certificate2.CreateFromPem(File.ReadAllText(CrossFile)) : null;

    /// <summary>Replaces the issuing authority by a new one below the newest root. Certificates of the old one stay good.</summary>
    /// <exception cref="IOException">The root's key is not here.</exception>
    public void RenewIssuing(DateTimeOffset now)
    {
        using var root = ReadRoot();
        using var issuing = root.NewIssuing(now);
        Write(issuing);
    }

    /// <summary>Begins a rotation: makes the next root and adds it to what parts believe. Nothing is signed with it yet.</summary>
    /// <param name="compromised">The old root's key is in wrong hands: the new one is not vouched for by it.</param>
    /// <exception cref="IOException">The old root's key is not here.</exception>
    public void AddRoot(DateTimeOffset now, bool compromised)
    {
        var roots = ReadRoots();
        using var old = ReadRoot();
        using var next = RootAuthority.Create(old.Domain, NumberOf(old.Certificate) + 1, now);
        if (compromised) File.Delete(CrossFile);
        else PrivateFile.Write(CrossFile, old.CrossSign(next.Certificate, now).ExportCertificatePem());
        // The key before what announces it: a crash between them leaves a root that is announced again by the next call.
        PrivateFile.Write(RootKeyFile, next.KeyPem());
        PrivateFile.Write(RootFile, next.Certificate.ExportCertificatePem());
        PrivateFile.Write(RootsFile, roots.Add(next.Certificate).ToPem());
    }

    /// <summary>Ends a rotation: only the newest root is believed from here on.</summary>
    public void DropOldRoots() => PrivateFile.Write(RootsFile, ReadRoots().NewestOnly().ToPem());

    /// <summary>Takes the root's key out of the directory, sealed with a passphrase, to be kept elsewhere.</summary>
    /// <exception cref="IOException">It is not here.</exception>
    public string TakeRootKeyAway(string passphrase)
    {
        using var root = ReadRoot();
        var taken = root.SealedPem(passphrase);
        // Only what can be opened again may be the last copy.
        RootAuthority.OpenSealed(File.ReadAllText(RootFile), taken, passphrase).Dispose();
        return taken;
    }

    /// <summary>After the sealed copy has been written elsewhere.</summary>
    public void ForgetRootKey() => File.Delete(RootKeyFile);

    /// <summary>Brings the root's key back for what needs it.</summary>
    /// <exception cref="CryptographicException">The passphrase is wrong, or the key is another root's.</exception>
    public void BringRootKeyBack(string sealedPem, string passphrase)
    {
        using var root = RootAuthority.OpenSealed(File.ReadAllText(RootFile), sealedPem, passphrase);
        PrivateFile.Write(RootKeyFile, root.KeyPem());
    }

    private RootAuthority MakeRoot(DateTimeOffset now)
    {
        var root = RootAuthority.Create(domain: null, 1, now);
        PrivateFile.Write(RootKeyFile, root.KeyPem());
        PrivateFile.Write(RootFile, root.Certificate.ExportCertificatePem());
        PrivateFile.Write(RootsFile, RootBundle.Of(root.Certificate).ToPem());
        return root;
    }

    private RootAuthority ReadRoot() => RootAuthority.Read(
        File.ReadAllText(RootFile),
        HasRootKey ? File.ReadAllText(RootKeyFile) : throw new FileNotFoundException($"The root's key is not in {directory}: it is kept elsewhere. Put root.key back there."));

    private void Write(IssuingAuthority issuing)
    {
        PrivateFile.Write(IssuingKeyFile, issuing.KeyPem());
        PrivateFile.Write(IssuingFile, issuing.Certificate.ExportCertificatePem());
    }

    private static int NumberOf(X509Certificate2 root) =>
        int.TryParse(root.GetNameInfo(X509NameType.SimpleName, forIssuer: false).Split(' ')[^1], out var number) ? number : 1;
}
