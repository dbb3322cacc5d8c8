using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Tests.Support;

namespace OpenCluster.Controller.Tests.Endpoints;

public sealed class BalancingTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Purges_are_numbered_audited_and_refused_when_they_make_no_sense()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);

        Assert.Equal(1, (await controller.Admin.PurgeAsync(new CachePurgeRequest(Path: "/a/*", Why: "wrong price"), Ct)).Number);
        Assert.Equal(2, (await controller.Admin.PurgeAsync(new CachePurgeRequest(Tag: "two"), Ct)).Number);
        Assert.Contains(await controller.Admin.AuditAsync(Ct), a => a is { What: "purge all routes, /a/*", Why: "wrong price" });

        var path = await Assert.ThrowsAsync<ProblemException>(() => controller.Admin.PurgeAsync(new CachePurgeRequest(Path: "a"), Ct));
        Assert.Contains("Begin it with a slash", path.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ProblemException>(() => controller.Admin.PurgeAsync(new CachePurgeRequest(Route: "nowhere"), Ct));
    }

    [Fact]
    public async Task Only_whole_urls_and_addresses_are_explained()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);

        await Assert.ThrowsAsync<ProblemException>(() => controller.Admin.ExplainAsync(new ExplainRequest { Url = "joebarry.com" }, Ct));
        await Assert.ThrowsAsync<ProblemException>(() => controller.Admin.ExplainAsync(new ExplainRequest { Url = "http://joebarry.com/", From = "home" }, Ct));
        Assert.Equal((await controller.Admin.BalancersAsync(Ct)).Length, (await controller.Admin.ExplainAsync(new ExplainRequest { Url = "http://joebarry.com/" }, Ct)).Length);
    }
}
