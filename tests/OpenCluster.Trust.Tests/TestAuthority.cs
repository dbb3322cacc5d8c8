using OpenCluster.Trust.Certificates;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Trust.Tests;

/// <summary>A whole authority in a directory, and credentials made by it.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public TestAuthority(DateTimeOffset? now = null)
    {
        Files = new AuthorityFiles(_directory.Path);
        Files.Ensure(now ?? DateTimeOffset.UtcNow);
    }

    public AuthorityFiles Files { get; }

    public RootBundle Roots => Files.ReadRoots();

    public Credentials For(PartKind kind, string id, DateTimeOffset? now = null, RootBundle? roots = null)
    {
        using var issuing = Files.ReadIssuing();
        using var key = PartKey.Create();
        var certificate = issuing.Issue(key.Public, new PartName(issuing.Domain, kind, id), ["127.0.0.1"], now ?? DateTimeOffset.UtcNow);
        return Credentials.Of(roots ?? Roots, key.With(certificate), [issuing.Certificate, .. Files.ReadCross() is { } cross ? [cross] : Array.Empty<System.Security.Cryptography.X509Certificates.X509Certificate2>()]);
    }

    public void Dispose() => _directory.Dispose();
}
