using System.Diagnostics;
using System.Security.Cryptography;
using OpenCluster.Trust.Certificates;

namespace OpenCluster.Trust.Tests.Certificates;

public sealed class AuthorityFilesTests
{
    [Fact]
    public void Its_files_are_for_its_owner_alone_and_stay_the_same()
    {
        using var directory = new TemporaryDirectory();
        var files = new AuthorityFiles(directory.In("trust"));
        files.Ensure(DateTimeOffset.UtcNow);
        var before = files.ReadRoots().Fingerprint;
        new AuthorityFiles(directory.In("trust")).Ensure(DateTimeOffset.UtcNow);

        Assert.Equal(before, files.ReadRoots().Fingerprint);
        foreach (var file in Directory.EnumerateFiles(directory.In("trust")))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public void The_roots_key_can_be_taken_away_and_brought_back_and_meanwhile_parts_are_signed_all_the_same()
    {
        using var authority = new TestAuthority();
        var taken = authority.Files.TakeRootKeyAway("correct horse");
        authority.Files.ForgetRootKey();

        Assert.False(authority.Files.HasRootKey);
        Assert.DoesNotContain("BEGIN PRIVATE KEY", taken, StringComparison.Ordinal);
        Assert.NotNull(authority.For(PartKind.Agent, "srv-1").Certificate);
        Assert.Throws<FileNotFoundException>(() => authority.Files.RenewIssuing(DateTimeOffset.UtcNow));
        Assert.ThrowsAny<CryptographicException>(() => authority.Files.BringRootKeyBack(taken, "wrong"));
        using var other = new TestAuthority();
        Assert.Throws<CryptographicException>(() => other.Files.BringRootKeyBack(taken, "correct horse"));

        authority.Files.BringRootKeyBack(taken, "correct horse");
        authority.Files.RenewIssuing(DateTimeOffset.UtcNow);
    }

    [Fact]
    public void A_start_that_was_cut_short_is_gone_on_with()
    {
        using var directory = new TemporaryDirectory();
        var files = new AuthorityFiles(directory.Path);
        files.Ensure(DateTimeOffset.UtcNow);
        var root = files.ReadRoots().Fingerprint;
        File.Delete(directory.In("issuing.pem"));
        files.Ensure(DateTimeOffset.UtcNow);
        Assert.Equal(root, files.ReadRoots().Fingerprint);
        using var issuing = files.ReadIssuing();
        Assert.NotNull(issuing.Domain);
    }

    /// <summary>Another implementation reads the chain as we mean it.</summary>
    [Fact]
    public async Task OpenSSL_verifies_what_the_authority_signs()
    {
        using var authority = new TestAuthority();
        using var directory = new TemporaryDirectory();
        using var issuing = authority.Files.ReadIssuing();
        using var key = PartKey.Create();
        var part = issuing.Issue(key.Public, new PartName(issuing.Domain, PartKind.Agent, "srv-1"), ["127.0.0.1", "web1"], DateTimeOffset.UtcNow);
        await File.WriteAllTextAsync(directory.In("part.pem"), part.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(directory.In("issuing.pem"), issuing.Certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        using var openssl = Process.Start(new ProcessStartInfo("openssl",
            ["verify", "-x509_strict", "-CAfile", authority.Files.Roots, "-untrusted", directory.In("issuing.pem"), directory.In("part.pem")])
        { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var said = await openssl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken) + await openssl.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await openssl.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(openssl.ExitCode == 0, said);
    }

    [Fact]
    public void A_signing_request_proves_its_key_and_names_nobody()
    {
        using var key = PartKey.Create();
        var request = key.SigningRequest();
        Assert.Equal(key.Fingerprint, Fingerprint.OfKey(IssuingAuthority.KeyOfRequest(request)!));

        var middle = request.Length / 2;
        var forged = request[..middle] + (request[middle] == 'A' ? 'B' : 'A') + request[(middle + 1)..];
        Assert.Null(IssuingAuthority.KeyOfRequest(forged));
        Assert.Null(IssuingAuthority.KeyOfRequest("nothing"));
        Assert.Null(IssuingAuthority.KeyOfRequest(new string('x', 100_000)));
        using var rsa = RSA.Create(2048);
        var rsaRequest = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=x", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Assert.Null(IssuingAuthority.KeyOfRequest(rsaRequest.CreateSigningRequestPem()));
    }
}
