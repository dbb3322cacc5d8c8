using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Http2;

/// <summary>nghttp2's own server as a target.</summary>
public sealed class RealTargetTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Files_of_nghttpd_come_through_plain_and_by_TLS(bool byTls)
    {
        Tool.Need("nghttpd");
        using var certificates = new TestCertificates();
        var shown = certificates.Write("target", ["target.test"]);
        var body = new string('x', 300_000);
        await File.WriteAllTextAsync(certificates.File("large.txt"), body, TestContext.Current.CancellationToken);
        var port = TestBalancer.FreePort();
        string[] tls = byTls ? [shown.Key, shown.File] : [];
        string[] plain = byTls ? [] : ["--no-tls"];
        using var server = Tool.Start("nghttpd", [.. plain, "-a", "127.0.0.1", "-d", certificates.Path, port.ToString(), .. tls]);
        var rules = new RouteRules { Tls = byTls ? new TargetTls { Authorities = certificates.AuthorityFile, Name = "target.test" } : null };
        await using var balancer = await TestBalancer.Http2Async(rules, port);
        using var client = balancer.Client();
        for (var i = 0; i < 20; i++) Assert.Equal(body, (await client.GetAsync("/large.txt")).Body);
        Assert.Equal(404, (await client.GetAsync("/none")).Status);
    }
}
