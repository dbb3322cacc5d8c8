using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Balancing;

public sealed class BalancingTests
{
    [Fact]
    public async Task Round_robin_goes_round()
    {
        await using var a = RawTarget.Answering("a");
        await using var b = RawTarget.Answering("b");
        await using var c = RawTarget.Answering("c");
        await using var balancer = await Start(new BalanceRule { Policy = BalancePolicy.RoundRobin }, a, b, c);
        using var client = balancer.Client();
        var answers = new List<string>();
        for (var i = 0; i < 9; i++) answers.Add((await client.GetAsync()).Body);
        Assert.Equal(answers[..3], answers[3..6]);
        Assert.Equal(["a", "b", "c"], answers[6..].Order());
    }

    [Theory]
    [InlineData(HashSource.Header, "X-User: {0}\r\n")]
    [InlineData(HashSource.Cookie, "Cookie: other=1; X-User={0}; last=2\r\n")]
    public async Task The_same_key_goes_to_the_same_target_and_keys_spread(HashSource source, string field)
    {
        await using var a = RawTarget.Answering("a");
        await using var b = RawTarget.Answering("b");
        await using var balancer = await Start(new BalanceRule { Policy = BalancePolicy.Hash, Key = new HashKey(source, "X-User") }, a, b);
        using var client = balancer.Client();
        var seen = new HashSet<string>();
        for (var user = 0; user < 20; user++)
        {
            var first = (await client.GetAsync(fields: string.Format(field, user))).Body;
            seen.Add(first);
            for (var i = 0; i < 3; i++) Assert.Equal(first, (await client.GetAsync($"/{i}", string.Format(field, user))).Body);
        }
        Assert.Equal(["a", "b"], seen.Order());
    }

    [Fact]
    public async Task Near_targets_get_everything_until_they_fail_and_then_the_far_one_is_asked_at_once()
    {
        var near = RawTarget.Answering("near");
        await using var far = RawTarget.Answering("far");
        await using var balancer = await TestBalancer.StartAsync();
        var snapshot = balancer.Snapshot(null, new HealthCheck { Every = TimeSpan.FromMinutes(1) }, [
            TestBalancer.Target("t0", near.Port) with { Location = "dc.hall1" }, TestBalancer.Target("t1", far.Port) with { Location = "hq" }]);
        balancer.Use(snapshot with { Location = "dc.hall1" });
        await balancer.Balancer.Targets.FirstChecksAsync(TimeSpan.FromSeconds(5), CancellationToken.None);
        using var client = balancer.Client();
        for (var i = 0; i < 20; i++) Assert.Equal("near", (await client.GetAsync()).Body);
        await near.DisposeAsync();
        for (var i = 0; i < 20; i++) Assert.Equal("far", (await client.GetAsync()).Body);
    }

    [Fact]
    public async Task A_session_stays_on_its_target_and_moves_on_when_that_dies()
    {
        var a = RawTarget.Answering("a");
        var b = RawTarget.Answering("b");
        await using var balancer = await Start(new BalanceRule { Sticky = new StickyRule("target", TimeSpan.FromHours(1)) }, a, b);
        using var client = balancer.Client();
        var first = await client.GetAsync();
        var cookie = first.Field("Set-Cookie")!;
        Assert.Matches("^target=[0-9a-f]{16}; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600$", cookie);
        var mine = $"Cookie: {cookie.Split(';')[0]}\r\n";
        for (var i = 0; i < 20; i++)
        {
            var again = await client.GetAsync(fields: mine);
            Assert.Equal((first.Body, null), (again.Body, again.Field("Set-Cookie")));
        }

        await (first.Body == "a" ? a : b).DisposeAsync();
        var moved = await client.GetAsync(fields: mine);
        Assert.Equal(200, moved.Status);
        Assert.NotEqual(first.Body, moved.Body);
        var next = moved.Field("Set-Cookie")!;
        Assert.NotEqual(cookie, next);
        var settled = await client.GetAsync(fields: $"Cookie: {next.Split(';')[0]}\r\n");
        Assert.Equal((moved.Body, null), (settled.Body, settled.Field("Set-Cookie")));
        await a.DisposeAsync();
        await b.DisposeAsync();
    }

    [Fact]
    public async Task Beyond_its_limit_a_target_gets_no_more_and_the_next_in_line_goes_when_one_ends()
    {
        var release = new SemaphoreSlim(0);
        await using var target = new RawTarget(async r =>
        {
            await release.WaitAsync();
            await r.AnswerAsync(200, "ok");
        });
        await using var balancer = await TestBalancer.StartAsync(
            new RouteRules { Balance = new BalanceRule { MaxInFlight = 2 }, WaitFor = TimeSpan.FromSeconds(20), WaitRequests = 1 }, null, target);
        RawClient[] clients = [balancer.Client(), balancer.Client(), balancer.Client(), balancer.Client()];
        var asked = new List<Task<RawAnswer>> { clients[0].GetAsync(), clients[1].GetAsync() };
        await Until.TrueAsync(() => target.Requests == 2, "two are at the target");
        asked.Add(clients[2].GetAsync());
        await Until.TrueAsync(() => balancer.Balancer.Stages.Routes["r1"].Memory.Waiting.Count == 1, "the third waits");
        // The room is full: the fourth is told at once.
        Assert.Equal(503, (await clients[3].GetAsync()).Status);
        Assert.Equal(2, target.Requests);
        release.Release(1);
        await Until.TrueAsync(() => target.Requests == 3, "the third goes");
        release.Release(2);
        foreach (var answer in asked) Assert.Equal(200, (await answer).Status);
        foreach (var client in clients) client.Dispose();
    }

    [Fact]
    public async Task A_thousand_that_waited_are_let_out_in_batches_that_grow()
    {
        var room = new OpenCluster.LoadBalancer.Balancing.WaitingRoom();
        var waiting = Enumerable.Range(0, 1000).Select(_ => room.WaitAsync(() => false, 0, TimeSpan.FromSeconds(20), TimeProvider.System, CancellationToken.None)).ToArray();
        Assert.False(await room.WaitAsync(() => false, 0, TimeSpan.FromSeconds(20), TimeProvider.System, CancellationToken.None));
        var left = new List<int>();
        while (room.Count > 0)
        {
            room.Trickle(serves: true);
            left.Add(room.Count);
        }
        Assert.Equal([984, 952, 888, 760, 504, 0], left);
        Assert.All(await Task.WhenAll(waiting), Assert.True);
    }

    private static Task<TestBalancer> Start(BalanceRule rule, params RawTarget[] targets) => TestBalancer.StartAsync(new RouteRules { Balance = rule }, null, targets);
}
