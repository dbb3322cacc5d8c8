using OpenCluster.LoadBalancer.Observing;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Admission;

public sealed class AdmissionTests
{
    [Fact]
    public async Task Who_may_not_come_is_refused_and_counted_and_the_target_never_hears_of_it()
    {
        await using var target = RawTarget.Answering("secret");
        await using var balancer = await Start(target, new AdmissionRule { From = ["192.0.2.0/24"] });
        using var client = balancer.Client();
        for (var i = 0; i < 3; i++) Assert.Equal(403, (await client.GetAsync()).Status);
        Assert.Equal(0, target.Requests);
        Assert.Contains("opencluster_lb_route_refused_total{route=\"site\",reason=\"address\"} 3\n", MetricsText.Of(balancer.Balancer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_certificate_nobody_comes_in_where_one_is_required()
    {
        await using var target = RawTarget.Answering("secret");
        await using var balancer = await Start(target, new AdmissionRule { From = ["127.0.0.0/8"], ClientCertificate = new ClientCertificateRule() });
        using var client = balancer.Client();
        Assert.Equal(403, (await client.GetAsync()).Status);
        Assert.Equal(0, target.Requests);
    }

    [Fact]
    public async Task A_client_that_sends_faster_than_its_rate_is_told_to_slow_down()
    {
        await using var target = RawTarget.Answering("ok");
        await using var balancer = await Start(target, new AdmissionRule { PerClient = new LoadLimit { Rate = 0.01, Burst = 3 } });
        using var client = balancer.Client();
        var answers = new List<RawAnswer>();
        for (var i = 0; i < 5; i++) answers.Add(await client.GetAsync());
        Assert.Equal([200, 200, 200, 429, 429], answers.Select(a => a.Status));
        Assert.Equal("1", answers[^1].Field("Retry-After"));
        Assert.Equal(3, target.Requests);
    }

    [Fact]
    public async Task No_more_requests_of_one_client_are_under_way_than_allowed()
    {
        var release = new TaskCompletionSource();
        await using var target = new RawTarget(async r =>
        {
            await release.Task;
            await r.AnswerAsync(200, "ok");
        });
        await using var balancer = await Start(target, new AdmissionRule { PerClient = new LoadLimit { AtOnce = 1 } });
        using var first = balancer.Client();
        using var second = balancer.Client();
        var held = first.GetAsync();
        await Until.TrueAsync(() => target.Requests == 1, "the first is under way");
        Assert.Equal(429, (await second.GetAsync()).Status);
        release.SetResult();
        Assert.Equal(200, (await held).Status);
        await Until.TrueAsync(() => balancer.Balancer.Stages.Routes["r1"].Memory.Gate.AtOnce == 0, "the first is over");
        Assert.Equal(200, (await second.GetAsync()).Status);
    }

    [Fact]
    public async Task The_route_as_a_whole_has_bounds_too()
    {
        await using var target = RawTarget.Answering("ok");
        await using var balancer = await Start(target, new AdmissionRule { InAll = new LoadLimit { Rate = 0.01, Burst = 2 } });
        using var client = balancer.Client();
        var statuses = new List<int>();
        for (var i = 0; i < 3; i++) statuses.Add((await client.GetAsync()).Status);
        Assert.Equal([200, 200, 503], statuses);
    }

    [Fact]
    public async Task A_head_larger_than_the_route_takes_is_refused()
    {
        await using var target = RawTarget.Answering("ok");
        await using var balancer = await Start(target, new AdmissionRule { MaxHeadBytes = 1024 });
        using var client = balancer.Client();
        Assert.Equal(200, (await client.GetAsync()).Status);
        Assert.Equal(431, (await client.GetAsync(fields: $"X-Large: {new string('a', 1100)}\r\n")).Status);
    }

    [Fact]
    public async Task A_refused_upload_is_not_read_and_its_connection_ends()
    {
        await using var target = RawTarget.Answering("ok");
        await using var balancer = await Start(target, new AdmissionRule { NotFrom = ["127.0.0.1"] });
        using var client = balancer.Client();
        var answer = await client.AskAsync("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n");
        Assert.Equal((403, "close"), (answer.Status, answer.Field("Connection")));
        Assert.Equal("", await client.RestAsync());
    }

    private static Task<TestBalancer> Start(RawTarget target, AdmissionRule rule) => TestBalancer.StartAsync(new RouteRules { Admit = rule }, null, target);
}
