using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Forwarding;

public sealed class OfflinePageTests
{
    private const string Page = "<!doctype html><title>Back soon</title><h1>Gleich zurück</h1>";

    [Fact]
    public async Task The_page_comes_with_503_and_a_time_to_come_back_while_nothing_is_left_to_serve()
    {
        await using var balancer = await TestBalancer.StartAsync(new RouteRules { OfflinePage = Page, WaitFor = TimeSpan.Zero });
        using var client = balancer.Client();
        var answer = await client.GetAsync();
        Assert.Equal((503, "text/html; charset=utf-8", "2"), (answer.Status, answer.Field("Content-Type"), answer.Field("Retry-After")));
        Assert.Equal(Page, System.Text.Encoding.UTF8.GetString(System.Text.Encoding.Latin1.GetBytes(answer.Body)));
        Assert.Equal("no-store", answer.Field("Cache-Control"));
    }

    [Fact]
    public async Task It_goes_when_a_target_comes_and_a_target_s_own_503_passes_as_it_is()
    {
        await using var target = RawTarget.Answering("busy", 503);
        await using var balancer = await TestBalancer.StartAsync(new RouteRules { OfflinePage = Page, WaitFor = TimeSpan.Zero }, null, target);
        using var client = balancer.Client();
        Assert.Equal((503, "busy"), ((await client.GetAsync()).Status, (await client.GetAsync()).Body));
    }
}
