using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;
using static OpenCluster.LoadBalancer.Tests.Support.RawHttp2;

namespace OpenCluster.LoadBalancer.Tests.Http2;

/// <summary>What HTTP/1.1 has while targets fail, HTTP/2 has too: waiting, retries with a budget, drained targets.</summary>
public sealed class FailOverTests
{
    [Fact]
    public async Task Requests_wait_while_no_target_is_up_and_are_answered_when_one_comes()
    {
        var port = TestBalancer.FreePort();
        await using var balancer = await TestBalancer.ServeAsync(Plan(new RouteRules { WaitFor = TimeSpan.FromMinutes(1) }, port));
        using var client = await OpenAsync(balancer.Port);
        for (var id = 1; id < 20; id += 2) await client.SendAsync(Post(id), Data(id, "hello", true));
        Assert.True(await client.PongsAsync());
        await using var target = new RawTarget(async request => await request.AnswerAsync(200, await request.BodyAsync()), port);
        for (var id = 1; id < 20; id += 2) Assert.Equal("hello", (await client.AnswerAsync(id)).Body);
    }

    [Fact]
    public async Task No_more_wait_than_may_and_those_are_told_at_once()
    {
        await using var balancer = await TestBalancer.ServeAsync(Plan(new RouteRules { WaitFor = TimeSpan.FromMinutes(1), WaitRequests = 3 }, TestBalancer.FreePort()));
        using var client = await OpenAsync(balancer.Port);
        for (var id = 1; id < 20; id += 2) await client.SendAsync(Get(id));
        await client.UntilAsync(_ => client.Frames.Count(f => f.Type == FrameType.Headers) == 7);
        foreach (var frame in client.Frames.Where(f => f.Type == FrameType.Headers)) Assert.Equal("503", client.HeadOf(frame)[":status"]);
        // Who gives up makes room.
        var waiting = Enumerable.Range(0, 10).Select(i => 2 * i + 1).First(id => client.Answer(id).Heads.Count == 0);
        await client.SendAsync(RawHttp2.Reset(waiting));
        Assert.True(await client.PongsAsync());
    }

    [Theory]
    [InlineData(TargetHttp.Http1)]
    [InlineData(TargetHttp.Http2)]
    public async Task Retries_are_paid_from_the_budget(TargetHttp speaks)
    {
        await using var one = Dying(speaks, out var first);
        await using var two = Dying(speaks, out var second);
        var rules = new RouteRules { Retries = 5, RetryBudget = 0.1, WaitFor = TimeSpan.Zero, Speak = speaks };
        await using var balancer = await TestBalancer.ServeAsync(Plan(rules, first, second));
        using var client = await OpenAsync(balancer.Port);
        for (var id = 1; id < 200; id += 2)
        {
            await client.SendAsync(Get(id));
            Assert.InRange((await client.AnswerAsync(id)).Status, 502, 503);
        }
        // A tenth of a hundred, and the two hundred that a route has from the start.
        Assert.InRange(balancer.Balancer.Stages.Routes["r1"].Counters.Retries, 1, 210);
    }

    private static IAsyncDisposable Dying(TargetHttp speaks, out int port)
    {
        if (speaks == TargetHttp.Http1)
        {
            var target = new RawTarget(request =>
            {
                request.Reset();
                return Task.CompletedTask;
            });
            port = target.Port;
            return target;
        }
        var other = new RawHttp2Target(request => request.SendAsync(RawHttp2.Reset(request.StreamId, ErrorCode.InternalError)));
        port = other.Port;
        return other;
    }

    [Fact]
    public async Task Two_large_answers_share_the_connection_and_a_small_one_does_not_wait_for_them()
    {
        var large = new string('x', 2_000_000);
        await using var target = new RawTarget(request => request.AnswerAsync(200, request.Target == "/large" ? large : "small"));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port, (SettingId.InitialWindowSize, 4_000_000));
        // Both are held by the connection's window, which is then opened for all.
        await client.SendAsync(Get(1, "/large"), Get(3, "/large"));
        await client.UntilAsync(_ => client.Frames.Where(f => f.Type == FrameType.Data).Sum(f => f.Payload.Length) == 65535);
        await client.SendAsync(Get(5));
        await client.UntilAsync(f => f.StreamId == 5);
        await client.SendAsync(Window(0, 8_000_000));
        foreach (var id in new[] { 1, 3, 5 }) Assert.Equal(200, (await client.AnswerAsync(id)).Status);
        var ends = new[] { 1, 3, 5 }.Select(id => client.Frames.FindIndex(f => f.StreamId == id && f.EndsStream)).ToArray();
        Assert.True(ends[2] < ends[0] && ends[2] < ends[1], "the small one came last");
        // By the time the first of the two is whole, the other has had its turns too: more than came of it while the window was shut.
        var (winner, loser) = ends[0] < ends[1] ? (ends[0], 3) : (ends[1], 1);
        Assert.InRange(client.Frames.Take(winner).Where(f => f.StreamId == loser).Sum(f => f.Payload.Length), 100_000, 2_000_000);
    }

    private static RoutePlan Plan(RouteRules rules, params int[] ports) => new()
    {
        Id = "r1",
        Name = "site",
        Matches = [new RouteMatch("*")],
        Rules = rules,
        Targets = [.. ports.Select((port, i) => TestBalancer.Target("t" + i, port))],
    };
}
