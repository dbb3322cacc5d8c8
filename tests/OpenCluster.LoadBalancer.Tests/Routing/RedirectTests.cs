using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Routing;

public sealed class RedirectTests
{
    [Theory]
    [InlineData("https://www.example.org", "/", "/a/b?c=d", "https://www.example.org/a/b?c=d")]
    [InlineData("https://www.example.org/", "/", "/", "https://www.example.org/")]
    [InlineData("https://www.example.org/new", "/old", "/old/x?y", "https://www.example.org/new/x?y")]
    [InlineData("https://www.example.org/new", "/old", "/old", "https://www.example.org/new")]
    [InlineData("/new", "/old", "/old/x", "/new/x")]
    [InlineData("/", "/old", "/old?q", "/?q")]
    [InlineData("/", "/old", "/old//evil.org/", "/evil.org/")]
    public async Task A_redirect_keeps_the_rest_of_the_path_and_the_query(string to, string path, string target, string location)
    {
        await using var balancer = await TestBalancer.ServeAsync(Plan(path, new Redirect(to)));
        using var client = balancer.Client();
        var answer = await client.GetAsync(target);
        Assert.Equal((308, location), (answer.Status, answer.Field("Location")));
    }

    [Fact]
    public async Task A_redirect_may_be_to_one_very_address_and_with_another_status()
    {
        await using var balancer = await TestBalancer.ServeAsync(Plan("/", new Redirect("https://example.org/gone.html", 302, Exactly: true)));
        using var client = balancer.Client();
        var answer = await client.GetAsync("/a/b?c");
        Assert.Equal((302, "https://example.org/gone.html"), (answer.Status, answer.Field("Location")));
    }

    [Fact]
    public async Task What_comes_without_tls_is_sent_to_https_before_anything_else_is_asked()
    {
        await using var target = RawTarget.Answering("plain");
        await using var balancer = await TestBalancer.StartAsync(
            new RouteRules { PlainHttp = PlainHttp.Redirect, Admit = new AdmissionRule { ClientCertificate = new ClientCertificateRule() } }, null, target);
        using var client = balancer.Client();
        var answer = await client.AskAsync("GET /a?b=c HTTP/1.1\r\nHost: joebarry.com:8080\r\n\r\n");
        Assert.Equal((308, "https://joebarry.com/a?b=c"), (answer.Status, answer.Field("Location")));
        Assert.Equal(0, target.Requests);
    }

    [Theory]
    [InlineData("/api", "/v2", "/api/users?x=1", "/v2/users?x=1")]
    [InlineData("/api", "/v2/", "/api", "/v2")]
    [InlineData("/api", "/v2", "/api?x", "/v2?x")]
    [InlineData("/", "/v2", "/users", "/v2/users")]
    [InlineData("/api", "/", "/api/users", "/users")]
    public async Task A_rewrite_puts_another_path_in_the_prefixes_place(string path, string rewrite, string asked, string seen)
    {
        await using var target = new RawTarget(r => r.AnswerAsync(200, r.Head.Split(' ')[1]));
        await using var balancer = await TestBalancer.ServeAsync(
            new RoutePlan { Id = "r1", Name = "site", Matches = [new RouteMatch("*", path) { Rewrite = rewrite }], Targets = [TestBalancer.Target("t0", target.Port)] });
        using var client = balancer.Client();
        Assert.Equal(seen, (await client.GetAsync(asked)).Body);
    }

    [Fact]
    public async Task Methods_and_headers_choose_among_routes_of_one_path()
    {
        await using var readers = RawTarget.Answering("read");
        await using var writers = RawTarget.Answering("write");
        await using var preview = RawTarget.Answering("preview");
        RoutePlan Plan(string id, RawTarget target, RouteMatch match) => new() { Id = id, Name = id, Matches = [match], Targets = [TestBalancer.Target(id, target.Port)] };
        await using var balancer = await TestBalancer.ServeAsync(
            Plan("read", readers, new RouteMatch("*", "/api") { Methods = ["GET", "HEAD"] }),
            Plan("write", writers, new RouteMatch("*", "/api")),
            Plan("preview", preview, new RouteMatch("*", "/api") { Headers = [new HeaderMatch("X-Preview", "1")] }));
        using var client = balancer.Client();
        Assert.Equal("read", (await client.GetAsync("/api/x")).Body);
        Assert.Equal("write", (await client.AskAsync("DELETE /api/x HTTP/1.1\r\nHost: test\r\n\r\n")).Body);
        Assert.Equal("preview", (await client.GetAsync("/api/x", "x-preview: 1\r\n")).Body);
    }

    private static RoutePlan Plan(string path, Redirect redirect) => new() { Id = "r1", Name = "old", Matches = [new RouteMatch("*", path)], Redirect = redirect };
}
