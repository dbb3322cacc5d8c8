using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Relaying;

/// <summary>TLS that ends at the target, which is chosen by the host asked for.</summary>
public sealed class PassedThroughTests : IDisposable
{
    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task Each_host_reaches_its_own_nginx_whose_certificate_the_client_sees()
    {
        var (one, other) = (TestBalancer.FreePort(), TestBalancer.FreePort());
        using var first = await PeerServer.NginxAsync(one, Server(one, _certificates.Write("one", ["one.example.org"]), "one"));
        using var second = await PeerServer.NginxAsync(other, Server(other, _certificates.Write("other", ["a.other.org", "b.other.org"]), "other"));
        await using var balancer = await StartAsync(null, ("one.example.org", one), ("*.other.org", other));
        Assert.Equal("one", await CurlAsync(balancer, "one.example.org"));
        Assert.Equal("other", await CurlAsync(balancer, "a.other.org"));
        Assert.Equal("other", await CurlAsync(balancer, "B.OTHER.org"));
    }

    [Fact]
    public async Task Host_without_a_route_is_told_that_its_name_is_unknown()
    {
        await using var balancer = await StartAsync(null, ("one.example.org", TestBalancer.FreePort()));
        var output = await Tool.RunAsync("sh", "-c", $"openssl s_client -connect 127.0.0.1:{balancer.Port} -servername elsewhere.org </dev/null");
        Assert.Contains("unrecognized name", output);
        await Until.TrueAsync(() => balancer.Balancer.Stages.ListenerCounters.Of("through").Failures(GreetingFailure.NoRoute) == 1, "it is counted");
    }

    [Fact]
    public async Task What_is_no_tls_is_cut_off_and_what_never_comes_whole_too()
    {
        var time = new LeapingTime();
        await using var balancer = await StartAsync(time, ("*", TestBalancer.FreePort()));
        var counters = balancer.Balancer.Stages.ListenerCounters.Of("through");
        using (var plain = balancer.Client())
        {
            await plain.SendAsync("GET / HTTP/1.1\r\n\r\n");
            Assert.Equal("", await plain.RestAsync());
        }
        await Until.TrueAsync(() => counters.Failures(GreetingFailure.NotTls) == 1, "it is counted");

        using var slow = balancer.Client();
        await slow.SendAsync("\x16\x03\x01\x02\x00\x01");
        await Until.TrueAsync(() => balancer.Balancer.Stages.Greetings.Count == 1, "its hello is awaited");
        time.Leap(TimeSpan.FromSeconds(11));
        Assert.Equal("", await slow.RestAsync());
        await Until.TrueAsync(() => counters.Failures(GreetingFailure.TooSlow) == 1, "it is counted");
        await Until.TrueAsync(() => balancer.Balancer.Stages.Greetings.Count == 0, "its place is free");
    }

    private static string Server(int port, Certificate certificate, string answer) =>
        $$"""server { listen 127.0.0.1:{{port}} ssl; ssl_certificate {{certificate.File}}; ssl_certificate_key {{certificate.Key}}; location / { return 200 "{{answer}}"; } }""";

    private async Task<string> CurlAsync(TestBalancer balancer, string host) =>
        (await Tool.RunAsync("curl", "-sS", "--cacert", _certificates.AuthorityFile, "--connect-to", $"{host}:443:127.0.0.1:{balancer.Port}", $"https://{host}/")).Trim();

    private static Task<TestBalancer> StartAsync(LeapingTime? time, params (string Host, int Port)[] routes) => TestBalancer.ListenAsync(
        b => b.Snapshot([.. routes.Select((r, i) => new RoutePlan { Id = "r" + i, Name = "r" + i, Listeners = ["through"], Matches = [new RouteMatch(r.Host)], Targets = [TestBalancer.Target("t" + i, r.Port)] })]) with
        {
            Listeners = [new Listener("through", b.Port, ListenerProtocol.Tls, "127.0.0.1")],
        }, time);
}
