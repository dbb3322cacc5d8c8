using OpenCluster.Decisions.Admission;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Tls;

/// <summary>Clients that show a certificate: asked for by the listener, demanded by routes.</summary>
public sealed class ClientCertificateTests : IDisposable
{
    private readonly TestCertificates _certificates = new();
    private readonly TestCertificates _others = new();

    public void Dispose()
    {
        _certificates.Dispose();
        _others.Dispose();
    }

    [Theory]
    [InlineData("--http1.1")]
    [InlineData("--http2")]
    public async Task Route_lets_in_who_shows_a_certificate_with_one_of_its_names_and_others_go_without(string version)
    {
        await using var target = new RawTarget(r => r.AnswerAsync(200, r.Target + (r.Field("Client-Cert") is null ? " nobody" : " somebody")));
        await using var balancer = await StartAsync(target);
        var (carol, dave) = (_certificates.WriteClient("carol"), _certificates.WriteClient("dave"));

        Assert.Equal("/ nobody 200", await CurlAsync(balancer, "/", version));
        Assert.EndsWith(" 403", await CurlAsync(balancer, "/console", version));
        Assert.Equal("/console somebody 200", await CurlAsync(balancer, "/console", version, "--cert", carol.Certificate, "--key", carol.Key));
        Assert.EndsWith(" 403", await CurlAsync(balancer, "/console", version, "--cert", dave.Certificate, "--key", dave.Key));
        Assert.Equal("/any somebody 200", await CurlAsync(balancer, "/any", version, "--cert", dave.Certificate, "--key", dave.Key));
        Assert.Equal(2, balancer.Balancer.Stages.Routes["console"].Counters.Refused(Refusal.Certificate));
    }

    [Fact]
    public async Task Certificate_of_another_authority_is_refused_in_the_handshake_and_counted()
    {
        await using var target = RawTarget.Answering("reached");
        await using var balancer = await StartAsync(target);
        var forged = _others.WriteClient("carol");
        var output = await CurlAsync(balancer, "/console", "--cert", forged.Certificate, "--key", forged.Key);
        Assert.EndsWith("000", output);
        await Until.TrueAsync(() => balancer.Balancer.Stages.ListenerCounters.Of("web").Failures(GreetingFailure.ClientCertificate) == 1, "it is counted");
        Assert.Equal(0, target.Requests);
    }

    [Fact]
    public async Task Certificate_for_servers_is_none_for_clients()
    {
        await using var target = RawTarget.Answering("reached");
        await using var balancer = await StartAsync(target);
        var server = _certificates.Write("carol", ["carol"]);
        Assert.EndsWith("000", await CurlAsync(balancer, "/console", "--cert", server.File, "--key", server.Key));
        Assert.Equal(0, target.Requests);
    }

    [Theory]
    [InlineData("TLSv1_2")]
    [InlineData("TLSv1_3")]
    public async Task Resumed_session_still_tells_whose_it_is(string version)
    {
        await using var target = RawTarget.Answering("reached");
        await using var balancer = await StartAsync(target);
        var carol = _certificates.WriteClient("carol");
        Assert.Equal("False 200\nTrue 200\n", await PythonClient.AskTwiceAsync(balancer.Port, version, _certificates.AuthorityFile, "/console", carol.Certificate, carol.Key));
    }

    [Fact]
    public async Task Authorities_that_change_count_from_the_next_handshake_on()
    {
        await using var target = RawTarget.Answering("reached");
        await using var balancer = await StartAsync(target);
        var other = _others.WriteClient("carol");
        string[] shown = ["--cert", other.Certificate, "--key", other.Key];
        Assert.EndsWith("000", await CurlAsync(balancer, "/console", shown));
        await File.WriteAllTextAsync(_certificates.File("clients.pem"), await File.ReadAllTextAsync(_others.AuthorityFile, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        await Until.TrueAsync(() => balancer.Balancer.Stages.Tls.Reloads == 1, "the new authorities are read");
        Assert.Equal("reached 200", await CurlAsync(balancer, "/console", shown));
    }

    private Task<TestBalancer> StartAsync(RawTarget target)
    {
        var site = _certificates.Write("site", ["localhost"]);
        File.Copy(_certificates.AuthorityFile, _certificates.File("clients.pem"));
        return TestBalancer.ListenAsync(b => b.Snapshot(
            Plan("open", "/", null), Plan("any", "/any", new ClientCertificateRule()), Plan("console", "/console", new ClientCertificateRule { Names = ["carol"] })) with
        {
            Listeners = [new Listener("web", b.Port, ListenerProtocol.Https, "127.0.0.1") { ClientAuthorities = _certificates.File("clients.pem") }],
            Certificates = [site],
        });

        RoutePlan Plan(string id, string path, ClientCertificateRule? rule) => new()
        {
            Id = id,
            Name = id,
            Matches = [new RouteMatch("*", path)],
            Rules = new RouteRules { Admit = new AdmissionRule { ClientCertificate = rule } },
            Targets = [TestBalancer.Target("t0", target.Port)],
        };
    }

    private async Task<string> CurlAsync(TestBalancer balancer, string path, params string[] options) =>
        (await Tool.RunAsync("curl", ["-s", "--cacert", _certificates.AuthorityFile, "-w", " %{http_code}", .. options, $"https://localhost:{balancer.Port}{path}"])).Trim();
}
