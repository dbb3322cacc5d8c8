using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenCluster.Trust.Certificates;
using OpenCluster.Trust.Files;

namespace OpenCluster.Trust.Tls;

/// <summary>
/// A part's credentials in a directory for it alone: <c>key.pem</c>, <c>certificate.pem</c> (its own, then those above it) and
/// <c>roots.pem</c>. Renewed ones are there for the next connection; who reads need not be who writes. Safe for concurrent use.
/// </summary>
public sealed class CredentialFiles(string directory)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Lock _reading = new();
    private (DateTime Written, Credentials Credentials)? _read;

    public string Directory { get; } = directory;

    private string Key => Path.Combine(Directory, "key.pem");
    private string Certificate => Path.Combine(Directory, "certificate.pem");
    private string Roots => Path.Combine(Directory, "roots.pem");

    public bool Exist => File.Exists(Certificate);

    /// <summary>The key kept here, made at the first call: it is on disk before anybody is asked to sign it, so that asking again after a crash is the same question.</summary>
    public PartKey TakeKey()
    {
        System.IO.Directory.CreateDirectory(Directory, OwnerOnly);
        if (File.Exists(Key)) return PartKey.Read(File.ReadAllText(Key));
        var made = PartKey.Create();
        PrivateFile.Write(Key, made.Pem());
        return made;
    }

    /// <param name="chainPem">The part's certificate, then those above it.</param>
    public void Write(string chainPem, string rootsPem)
    {
        // The certificate last: where it is, everything is.
        PrivateFile.Write(Roots, rootsPem);
        PrivateFile.Write(Certificate, chainPem);
    }

    /// <summary>What is there now.</summary>
    /// <exception cref="IOException">It is not there (yet).</exception>
    /// <exception cref="CryptographicException">It is damaged.</exception>
    public Credentials Read()
    {
        lock (_reading)
        {
            var written = File.GetLastWriteTimeUtc(Certificate);
            if (_read is { } known && known.Written == written) return known.Credentials;
            using var key = PartKey.Read(File.ReadAllText(Key));
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(File.ReadAllText(Certificate));
            if (chain.Count < 2) throw new CryptographicException($"{Certificate} holds {chain.Count} certificates; the part's and the issuing one are expected.");
            var credentials = Credentials.Of(RootBundle.Parse(File.ReadAllText(Roots)), key.With(chain[0]), [.. chain.Skip(1)]);
            _read = (written, credentials);
            return credentials;
        }
    }
}
