using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Configuration;

public sealed class ReloadTests
{
    [Fact]
    public async Task A_thousand_reloads_under_load_fail_no_request_and_leave_nothing_behind()
    {
        await using var one = RawTarget.Answering("good");
        await using var two = RawTarget.Answering("good");
        await using var balancer = await TestBalancer.StartAsync(one, two);
        var done = false;
        using var answers = new SemaphoreSlim(0);
        var load = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            var count = 0;
            using var client = balancer.Client();
            while (!Volatile.Read(ref done))
            {
                Assert.Equal("good", (await client.GetAsync()).Body);
                count++;
                answers.Release();
            }
            return count;
        })).ToArray();
        for (var i = 0; i < 1000; i++)
        {
            Target[] targets = (i % 3) switch
            {
                0 => [TestBalancer.Target("t0", one.Port)],
                1 => [TestBalancer.Target("t1", two.Port), TestBalancer.Target("t0", one.Port) with { Draining = true }],
                _ => [TestBalancer.Target("t0", one.Port), TestBalancer.Target("t1", two.Port)],
            };
            balancer.Use(balancer.Snapshot(null, null, [.. targets]));
            // Three answers at least while five are applied.
            for (var wanted = i % 5 == 0 ? 3 : 0; wanted > 0; wanted--) Assert.True(await answers.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        }
        Volatile.Write(ref done, true);
        Assert.True((await Task.WhenAll(load)).Sum() > 500);
        Assert.Equal(0, balancer.Balancer.Stages.Failed);
        // Connections of clients that have left, targets that came and went, kept connections to them.
        await Until.TrueAsync(() => balancer.Balancer.Stages.Connections.Count == 0, "every connection is gone");
        Assert.InRange(balancer.Balancer.Targets.Slots.Length, 1, 2);
        Assert.InRange(balancer.Balancer.Targets.Slots.Sum(slot => slot.Idle.Count), 0, 16);
        Assert.All(balancer.Balancer.Targets.Slots, slot => Assert.Equal(0, slot.InFlight));
    }

    [Fact]
    public async Task Bad_snapshot_is_refused_with_every_reason_and_the_last_good_one_serves()
    {
        await using var target = RawTarget.Answering("good");
        await using var balancer = await TestBalancer.StartAsync(target);
        var bad = balancer.Snapshot(
            new RoutePlan { Id = "r1", Name = "one", Matches = [new RouteMatch("*")], Targets = [TestBalancer.Target("t", 70_000)] },
            new RoutePlan { Id = "r2", Name = "two", Matches = [new RouteMatch("*", "x")], Rules = new RouteRules { Retries = 9 } });
        Assert.False(balancer.Balancer.Apply(bad));
        Assert.Equal(
            "revision 2: route one, target t: 70000 is not a port from 1 to 65535; route two: the path \"x\" must start with / and have at most 2,048 characters; route two: 9 retries are not 0 to 5",
            balancer.Balancer.Refused);
        Assert.Equal(balancer.Balancer.Refused, balancer.Balancer.Report("lb").Refused);
        using var client = balancer.Client();
        Assert.Equal("good", (await client.GetAsync()).Body);
    }

    [Fact]
    public async Task Snapshot_with_a_hole_is_refused_and_one_with_something_left_out_means_the_defaults()
    {
        await using var balancer = await TestBalancer.StartAsync();
        BalancerSnapshot Read(string rules) => System.Text.Json.JsonSerializer.Deserialize(
            $$"""{"balancer":"b","cluster":"c","routes":[{"id":"r","name":"r"{{rules}},"matches":[{"host":"*"}]}]}""", OpenCluster.Model.ModelJson.Default.BalancerSnapshot)!;
        Assert.Contains("rules", Assert.Throws<System.Text.Json.JsonException>(() => Read(""","rules":null""")).Message, StringComparison.OrdinalIgnoreCase);
        Assert.True(balancer.Balancer.Apply(Read("")), balancer.Balancer.Refused);
        Assert.Equal(new RouteRules(), balancer.Balancer.Snapshot!.Routes[0].Rules);
    }

    [Fact]
    public async Task Snapshot_whose_port_is_taken_changes_nothing_and_says_who_to_ask()
    {
        await using var target = RawTarget.Answering("good");
        await using var balancer = await TestBalancer.StartAsync(target);
        var wanted = balancer.Snapshot(null, null, []);
        wanted = wanted with { Listeners = [.. wanted.Listeners, new Listener("taken", target.Port, Address: "127.0.0.1")] };
        Assert.False(balancer.Balancer.Apply(wanted));
        Assert.Contains($"ss -ltnp 'sport = :{target.Port}'", balancer.Balancer.Refused);
        using var client = balancer.Client();
        Assert.Equal("good", (await client.GetAsync()).Body);
    }

    [Fact]
    public async Task Listeners_come_and_go_with_snapshots()
    {
        await using var target = RawTarget.Answering("good");
        await using var balancer = await TestBalancer.StartAsync(target);
        var port = TestBalancer.FreePort();
        var next = balancer.Snapshot(null, null, [TestBalancer.Target("t0", target.Port)]);
        balancer.Use(next with { Listeners = [new Listener("web", port, Address: "127.0.0.1")] });
        using var client = new RawClient(port);
        Assert.Equal("good", (await client.GetAsync()).Body);
        Assert.Throws<System.Net.Sockets.SocketException>(() => balancer.Client());
    }
}
