using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Tls;

public sealed class HttpsTests
{
    private readonly TestCertificates _certificates = new();

    [Fact]
    public async Task Curl_is_served_by_tls_and_the_target_is_told_so()
    {
        await using var target = new RawTarget(r => r.AnswerAsync(200, r.Field("X-Forwarded-Proto") + " " + r.Field("Client-Cert")));
        await using var balancer = await StartAsync(target, _certificates.Write("site", ["localhost", "127.0.0.1"]));
        var output = await Tool.RunAsync("curl", "-sS", "--http1.1", "--cacert", _certificates.AuthorityFile, "-H", "Client-Cert: forged", $"https://localhost:{balancer.Port}/", $"https://localhost:{balancer.Port}/");
        Assert.Equal("https https \n", output);
        Assert.Equal(1, balancer.Balancer.Stages.ListenerCounters.Of("web").Handshakes);
    }

    private async Task<TestBalancer> StartAsync(RawTarget target, params Certificate[] certificates)
    {
        var balancer = await TestBalancer.StartAsync(target);
        var snapshot = balancer.Snapshot(null, null, [TestBalancer.Target("t0", target.Port)]);
        balancer.Use(snapshot with { Listeners = [new Listener("web", balancer.Port, ListenerProtocol.Https, "127.0.0.1")], Certificates = [.. certificates] });
        return balancer;
    }
}
