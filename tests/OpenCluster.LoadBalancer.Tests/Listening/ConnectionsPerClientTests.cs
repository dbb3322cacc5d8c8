using System.Net;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Observing;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Listening;

public sealed class ConnectionsPerClientTests
{
    [Fact]
    public async Task A_client_with_as_many_connections_as_one_may_have_is_turned_away_until_one_ends()
    {
        await using var target = RawTarget.Answering("fine");
        await using var balancer = await StartAsync(target, new Listener("web", 0, Address: "127.0.0.1") { ConnectionsPerClient = 2 });
        using var first = balancer.Client();
        var second = balancer.Client();
        Assert.Equal(200, (await first.GetAsync()).Status);
        Assert.Equal(200, (await second.GetAsync()).Status);

        using var third = balancer.Client();
        var refused = await third.ReadAsync();
        Assert.Equal((429, "close"), (refused.Status, refused.Field("Connection")));
        Assert.Equal("", await third.RestAsync());
        Assert.Contains("opencluster_lb_listener_failed_total{listener=\"web\",reason=\"TooManyOfOne\"} 1\n", MetricsText.Of(balancer.Balancer), StringComparison.Ordinal);

        second.Dispose();
        await Until.TrueAsync(() => balancer.Balancer.Stages.Connections.Count == 1, "the second to be gone");
        using var fourth = balancer.Client();
        Assert.Equal(200, (await fourth.GetAsync()).Status);
    }

    [Fact]
    public async Task A_proxy_in_front_stands_for_many_and_is_not_counted()
    {
        await using var target = RawTarget.Answering("fine");
        await using var balancer = await StartAsync(target, new Listener("web", 0, Address: "127.0.0.1") { ConnectionsPerClient = 1, ProxyFrom = ["127.0.0.0/8"] });
        for (var i = 0; i < 3; i++)
        {
            using var client = balancer.Client();
            Assert.Equal(200, (await client.AskAsync("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        }
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("2001:db8::1", "2001:db8::ffff:2", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    public void One_client_is_an_address_or_a_64_of_ipv6(string one, string other, bool same)
    {
        var counts = new ClientConnectionCounts();
        Assert.True(counts.TryEnter(IPAddress.Parse(one), 1));
        Assert.Equal(!same, counts.TryEnter(IPAddress.Parse(other), 1));
        counts.Leave(IPAddress.Parse(one));
        if (!same) counts.Leave(IPAddress.Parse(other));
        Assert.Equal(0, counts.Clients);
    }

    private static Task<TestBalancer> StartAsync(RawTarget target, Listener listener) =>
        TestBalancer.ListenAsync(b => b.Snapshot(null, null, [TestBalancer.Target("t0", target.Port)]) with { Listeners = [listener with { Port = b.Port }] });
}
