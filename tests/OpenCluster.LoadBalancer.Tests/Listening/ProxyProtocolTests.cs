using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Listening;

/// <summary>The PROXY protocol with those who speak it: HAProxy in front of us, HAProxy and nginx behind.</summary>
public sealed class ProxyProtocolTests
{
    [Theory]
    [InlineData("send-proxy")]
    [InlineData("send-proxy-v2")]
    [InlineData("send-proxy-v2-ssl-cn")]
    public async Task Client_of_haproxy_in_front_is_known_by_its_own_address(string option)
    {
        var port = TestBalancer.FreePort();
        await using var target = new RawTarget(r => r.AnswerAsync(200, r.Field("X-Forwarded-For")!));
        await using var balancer = await StartAsync(target, from: "127.0.0.0/8");
        using var haproxy = await PeerServer.HaproxyAsync(port, $"listen front\n  bind 127.0.0.1:{port}\n  server us 127.0.0.1:{balancer.Port} {option}\n");
        Assert.Equal("127.0.0.77", (await Tool.RunAsync("curl", "-sS", "--interface", "127.0.0.77", $"http://127.0.0.1:{port}/")).Trim());
    }

    [Fact]
    public async Task Check_by_haproxy_in_its_own_name_is_answered()
    {
        var port = TestBalancer.FreePort();
        await using var target = RawTarget.Answering("good");
        await using var balancer = await StartAsync(target, from: "127.0.0.1");
        using var haproxy = await PeerServer.HaproxyAsync(port, $"""
            listen front
              bind 127.0.0.1:{port}
              option httpchk GET /
              server us 127.0.0.1:{balancer.Port} send-proxy-v2 check inter 100ms
            """);
        await Until.TrueAsync(() => target.Requests >= 3, "its checks arrive");
        Assert.Equal("good", (await Tool.RunAsync("curl", "-sS", $"http://127.0.0.1:{port}/")).Trim());
    }

    [Theory]
    [InlineData(ProxyProtocol.V1)]
    [InlineData(ProxyProtocol.V2)]
    public async Task Haproxy_and_nginx_behind_are_told_of_the_client(ProxyProtocol version)
    {
        var (haproxyPort, nginxPort) = (TestBalancer.FreePort(), TestBalancer.FreePort());
        using var haproxy = await PeerServer.HaproxyAsync(haproxyPort, $"""
            frontend told
              bind 127.0.0.1:{haproxyPort} accept-proxy
              http-request return status 200 content-type text/plain lf-string "%ci to %[dst_port]"
            """);
        using var nginx = await PeerServer.NginxAsync(nginxPort, $$"""server { listen 127.0.0.1:{{nginxPort}} proxy_protocol; location / { return 200 "$proxy_protocol_addr to $proxy_protocol_server_port"; } }""");
        foreach (var port in new[] { haproxyPort, nginxPort })
        {
            await using var balancer = await TestBalancer.ServeAsync(new RoutePlan
            {
                Id = "r1",
                Name = "site",
                Matches = [new RouteMatch("*")],
                Rules = new RouteRules { ProxyProtocol = version },
                Targets = [TestBalancer.Target("t0", port)],
            });
            var output = await Tool.RunAsync("curl", "-sS", "--interface", "127.0.0.78", $"http://127.0.0.1:{balancer.Port}/", "--next", "-sS", "--interface", "127.0.0.79", $"http://127.0.0.1:{balancer.Port}/");
            Assert.Equal($"127.0.0.78 to {balancer.Port}127.0.0.79 to {balancer.Port}", output.Trim());
        }
    }

    [Fact]
    public async Task Header_of_one_who_is_not_trusted_is_no_header_but_a_bad_request()
    {
        await using var target = RawTarget.Answering("reached");
        await using var balancer = await StartAsync(target, from: "192.0.2.0/24");
        using var client = balancer.Client();
        Assert.Equal(400, (await client.AskAsync("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.Equal(0, target.Requests);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("PROXY TCP4 10.0.0.1\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    public async Task Trusted_proxy_without_a_right_header_is_cut_off_and_counted(string text)
    {
        await using var target = RawTarget.Answering("reached");
        await using var balancer = await StartAsync(target, from: "127.0.0.1");
        using var client = balancer.Client();
        await client.SendAsync(text);
        Assert.Equal("", await client.RestAsync());
        await Until.TrueAsync(() => balancer.Balancer.Stages.ListenerCounters.Of("web").Failures(GreetingFailure.ProxyHeader) == 1, "it is counted");
        Assert.Equal(0, target.Requests);
    }

    [Fact]
    public async Task Header_that_comes_byte_by_byte_is_read_and_one_that_never_ends_is_cut_off()
    {
        var time = new LeapingTime();
        await using var target = new RawTarget(r => r.AnswerAsync(200, r.Field("X-Forwarded-For")!));
        await using var balancer = await StartAsync(target, from: "127.0.0.1", time);
        using (var client = balancer.Client())
        {
            foreach (var letter in "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n") await client.SendAsync(letter.ToString());
            Assert.Equal("10.0.0.1", (await client.GetAsync()).Body);
        }
        using var slow = balancer.Client();
        await slow.SendAsync("PROXY TCP4 ");
        await Until.TrueAsync(() => balancer.Balancer.Stages.Greetings.Count == 1, "it is being greeted");
        time.Leap(TimeSpan.FromSeconds(11));
        Assert.Equal("", await slow.RestAsync());
        var counters = balancer.Balancer.Stages.ListenerCounters.Of("web");
        await Until.TrueAsync(() => counters.Failures(GreetingFailure.TooSlow) == 1 && balancer.Balancer.Stages.Greetings.Count == 0, "it is counted, and its place is free");
    }

    private static Task<TestBalancer> StartAsync(RawTarget target, string from, LeapingTime? time = null) => TestBalancer.ListenAsync(
        b => b.Snapshot(null, null, [TestBalancer.Target("t0", target.Port)]) with { Listeners = [new Listener("web", b.Port, Address: "127.0.0.1") { ProxyFrom = [from] }] }, time);
}
