using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using OpenCluster.Store.Etcd;

namespace OpenCluster.Store.Tests.Etcd;

/// <summary>An etcd that speaks TLS only, asks clients for a certificate, and lets in one user who may use one namespace.</summary>
public sealed class SecuredEtcdServer : EtcdServer
{
    private HttpClient? http;

    public const string UserName = "opencluster";
    public const string Password = "a secret of this test";

    public X509Certificate2 Root { get; private set; } = null!;

    public X509Certificate2 Client { get; private set; } = null!;

    protected override string Scheme => "https";

    protected override HttpClient Http => http!;

    protected override IEnumerable<string> SecurityArguments =>
    [
        "--cert-file", Path.Combine(DirectoryPath, "server.pem"), "--key-file", Path.Combine(DirectoryPath, "server.key"),
        "--trusted-ca-file", Path.Combine(DirectoryPath, "root.pem"), "--client-cert-auth",
    ];

    public override EtcdOptions Options() => base.Options() with
    {
        Namespace = "opencluster/",
        TrustedRoots = [Root],
        ClientCertificate = Client,
        UserName = UserName,
        Password = Password,
    };

    protected override async Task PrepareAsync()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test root", rootKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        Root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        // etcd's gateway calls etcd itself with the server's certificate, so that one serves both ways. And it has no common
        // name, or etcd would take that for a user's.
        using var server = Issue("O=server");
        Client = Issue("O=client");
        await File.WriteAllTextAsync(Path.Combine(DirectoryPath, "root.pem"), Root.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(DirectoryPath, "server.pem"), server.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(DirectoryPath, "server.key"), server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        http = EtcdConnections.NewClient(new EtcdOptions { Endpoints = [Endpoint], TrustedRoots = [Root], ClientCertificate = Client });
    }

    public async Task TurnAuthenticationOnAsync()
    {
        await PostAsync("/v3/auth/user/add", new { name = "root", password = "another secret" });
        await PostAsync("/v3/auth/role/add", new { name = "root" });
        await PostAsync("/v3/auth/user/grant", new { user = "root", role = "root" });
        await PostAsync("/v3/auth/user/add", new { name = UserName, password = Password });
        await PostAsync("/v3/auth/role/add", new { name = "store" });
        var prefix = Encoding.UTF8.GetBytes("opencluster/");
        await PostAsync("/v3/auth/role/grant", new { name = "store", perm = new { permType = "READWRITE", key = prefix, range_end = EtcdKeys.EndOf(prefix) } });
        await PostAsync("/v3/auth/user/grant", new { user = UserName, role = "store" });
        await PostAsync("/v3/auth/enable", new { });
    }

    private X509Certificate2 Issue(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(Root, new DateTimeOffset(Root.NotBefore), new DateTimeOffset(Root.NotAfter), RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }
}

public sealed class EtcdSecurityTests(SecuredEtcdServer etcd) : IClassFixture<SecuredEtcdServer>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_store_works_over_tls_with_a_client_certificate_and_a_user_and_nobody_else_gets_in()
    {
        Assert.SkipUnless(EtcdServer.IsInstalled, "needs etcd");
        await etcd.TurnAuthenticationOnAsync();
        var options = etcd.Options();
        await using var store = await EtcdStore.OpenAsync(options, Cancelled);
        await using var watch = store.WatchAsync("w/", 0, Cancelled).GetAsyncEnumerator(Cancelled);
        var lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(30), Cancelled);
        var put = new Transaction().IfAbsent("w/1").Put("w/1", "x"u8.ToArray(), lease.Id);
        var committed = Assert.IsType<CommitResult.Committed>(await store.CommitAsync(put, Cancelled));
        Assert.Equal(committed.Revision, (await Waiting.NextAsync(watch)).Revision);
        Assert.True(await store.KeepLeaseAliveAsync(lease.Id, Cancelled));

        // etcd forgets its tokens with the process: the store gets itself another.
        await etcd.KillAsync();
        await etcd.StartAsync();
        Assert.NotNull(await store.GetAsync("w/1", Cancelled));

        var wrong = await Assert.ThrowsAsync<StoreUnavailableException>(() => EtcdStore.OpenAsync(options with { Password = "a wrong secret" }, Cancelled));
        Assert.Contains(SecuredEtcdServer.UserName, wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", wrong.ToString(), StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => EtcdStore.OpenAsync(options with { Namespace = "elsewhere/" }, Cancelled));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => EtcdStore.OpenAsync(options with { ClientCertificate = null }, Cancelled));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => EtcdStore.OpenAsync(options with { TrustedRoots = null }, Cancelled));
    }

    [Fact]
    public void The_options_print_without_the_password()
    {
        var options = new EtcdOptions { Endpoints = [new Uri("http://127.0.0.1:2379")], UserName = "u", Password = "a secret" };
        Assert.DoesNotContain("secret", options.ToString(), StringComparison.Ordinal);
    }
}
