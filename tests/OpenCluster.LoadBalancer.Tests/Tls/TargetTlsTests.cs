using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Tls;

/// <summary>TLS to targets: nginx, with certificates good and bad.</summary>
public sealed class TargetTlsTests : IDisposable
{
    private readonly TestCertificates _certificates = new();
    private readonly TestCertificates _others = new();

    public void Dispose()
    {
        _certificates.Dispose();
        _others.Dispose();
    }

    [Fact]
    public async Task Request_and_check_go_by_tls_and_the_connection_is_kept()
    {
        var port = TestBalancer.FreePort();
        using var nginx = await NginxAsync(port, _certificates.Write("target", ["api.internal"]));
        await using var balancer = await StartAsync(port, new TargetTls { Authorities = _certificates.AuthorityFile, Name = "api.internal" }, new HealthCheck { Kind = CheckKind.Http, Path = "/" });
        Assert.Equal(TargetState.Up, balancer.Report("t0").State);
        using var client = balancer.Client();
        var first = (await client.GetAsync()).Body;
        Assert.StartsWith("TLSv1.3 api.internal ", first);
        // nginx's number of the connection.
        Assert.Equal(first, (await client.GetAsync()).Body);
    }

    [Theory]
    [InlineData("other.internal", true, false)]
    [InlineData("api.internal", false, false)]
    [InlineData("other.internal", false, true)]
    [InlineData(null, true, false)]
    public async Task Target_with_a_wrong_certificate_gets_nothing_unless_the_owner_says_that_it_need_not_be_checked(string? name, bool rightAuthority, bool served)
    {
        var port = TestBalancer.FreePort();
        using var nginx = await NginxAsync(port, _certificates.Write("target", ["api.internal"]));
        var rule = new TargetTls { Authorities = (rightAuthority ? _certificates : _others).AuthorityFile, Name = name, Verify = !served };
        await using var balancer = await StartAsync(port, rule, null);
        using var client = balancer.Client();
        Assert.Equal(served ? 200 : 503, (await client.GetAsync()).Status);
        if (!served) Assert.Contains("TLS", balancer.Report("t0").Reason);
    }

    [Fact]
    public async Task Target_that_speaks_no_tls_is_found_by_the_check()
    {
        await using var target = RawTarget.Answering("plain");
        await using var balancer = await StartAsync(target.Port, new TargetTls { Verify = false }, null);
        Assert.Equal(TargetState.Down, balancer.Report("t0").State);
    }

    [Fact]
    public async Task Connection_of_tcp_is_carried_on_by_tls_that_names_no_protocol_within()
    {
        var port = TestBalancer.FreePort();
        using var nginx = await NginxAsync(port, _certificates.Write("target", ["api.internal"]));
        await using var balancer = await TestBalancer.ListenAsync(b => b.Snapshot(new RoutePlan
        {
            Id = "r1",
            Name = "raw",
            Listeners = ["raw"],
            Rules = new RouteRules { Tls = new TargetTls { Authorities = _certificates.AuthorityFile, Name = "api.internal" } },
            Targets = [TestBalancer.Target("t0", port)],
        }) with
        {
            Listeners = [new Listener("raw", b.Port, ListenerProtocol.Tcp, "127.0.0.1")],
        });
        using var client = balancer.Client();
        Assert.EndsWith(" -", (await client.GetAsync()).Body);
    }

    private static Task<PeerServer> NginxAsync(int port, Certificate certificate) => PeerServer.NginxAsync(port,
        $$"""map $ssl_alpn_protocol $alpn { "" "-"; default $ssl_alpn_protocol; } server { listen 127.0.0.1:{{port}} ssl; ssl_certificate {{certificate.File}}; ssl_certificate_key {{certificate.Key}}; ssl_protocols TLSv1.2 TLSv1.3; location / { return 200 "$ssl_protocol $ssl_server_name $connection $alpn"; } }""");

    private static Task<TestBalancer> StartAsync(int port, TargetTls tls, HealthCheck? check) => TestBalancer.ServeAsync(new RoutePlan
    {
        Id = "r1",
        Name = "site",
        Matches = [new RouteMatch("*")],
        Rules = new RouteRules { Tls = tls, WaitFor = TimeSpan.FromMilliseconds(100) },
        Check = check,
        Targets = [TestBalancer.Target("t0", port)],
    });
}
