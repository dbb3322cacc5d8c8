using OpenCluster.Decisions.Admission;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Relaying;

public sealed class DatagramTests
{
    [Fact]
    public async Task Answers_come_back_to_each_client_from_the_address_it_wrote_to()
    {
        await using var target = new DatagramTarget("t:");
        await using var balancer = await StartAsync(null, null, target.Port);
        var clients = Enumerable.Range(0, 50).Select(_ => new DatagramClient(balancer.Port)).ToArray();
        // Connected sockets take datagrams from nowhere else.
        var answers = await Task.WhenAll(clients.Select((c, i) => c.AskAsync("hello " + i)));
        for (var i = 0; i < clients.Length; i++) Assert.Equal("t:hello " + i, answers[i]);
        foreach (var client in clients) client.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_000)]
    public async Task Datagrams_of_every_size_stay_whole(int size)
    {
        await using var target = new DatagramTarget("");
        await using var balancer = await StartAsync(null, null, target.Port);
        using var client = new DatagramClient(balancer.Port);
        Assert.Equal(new string('x', size), await client.AskAsync(new string('x', size)));
    }

    [Fact]
    public async Task Client_stays_with_its_target_and_clients_are_shared_out()
    {
        await using var a = new DatagramTarget("a");
        await using var b = new DatagramTarget("b");
        await using var balancer = await StartAsync(null, null, a.Port, b.Port);
        var seen = new HashSet<string>();
        for (var i = 0; i < 30; i++)
        {
            using var client = new DatagramClient(balancer.Port);
            var first = await client.AskAsync("");
            for (var j = 0; j < 3; j++) Assert.Equal(first, await client.AskAsync(""));
            seen.Add(first);
        }
        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public async Task Client_of_a_target_that_is_gone_goes_to_another_with_its_next_datagram()
    {
        var a = new DatagramTarget("a");
        await using var b = new DatagramTarget("b");
        await using var balancer = await StartAsync(null, null, a.Port, b.Port);
        var client = new DatagramClient(balancer.Port);
        while (await client.AskAsync("") != "a")
        {
            client.Dispose();
            client = new DatagramClient(balancer.Port);
        }
        await a.DisposeAsync();
        // The first is lost: that is how the kernel learns that nobody listens there. As in any network, clients of UDP ask again.
        await client.Socket.SendAsync(new byte[1], TestContext.Current.CancellationToken);
        await Until.TrueAsync(() => balancer.Report("t0").State == TargetState.Ejected, "the loss is seen");
        for (var i = 0; i < 10; i++) Assert.Equal("b", await client.AskAsync(""));
        client.Dispose();
    }

    [Fact]
    public async Task Silent_session_ends_and_frees_what_it_held()
    {
        var time = new LeapingTime();
        await using var target = new DatagramTarget("t");
        await using var balancer = await StartAsync(null, time, target.Port);
        using var client = new DatagramClient(balancer.Port);
        await client.AskAsync("");
        var memory = balancer.Balancer.Stages.Routes["r1"].Memory;
        Assert.Equal((1, 1), (memory.Connections.Open, memory.Gate.AtOnce));
        time.Leap(TimeSpan.FromSeconds(61));
        await Until.TrueAsync(() => memory.Connections.Open == 0 && memory.Gate.AtOnce == 0, "the session has ended");
        Assert.Equal("t", await client.AskAsync(""));
    }

    [Fact]
    public async Task Who_may_not_come_is_dropped_and_counted()
    {
        await using var target = new DatagramTarget("t");
        await using var balancer = await StartAsync(new RouteRules { Admit = new AdmissionRule { From = ["192.0.2.0/24"] } }, null, target.Port);
        using var client = new DatagramClient(balancer.Port);
        await client.Socket.SendAsync(new byte[1], TestContext.Current.CancellationToken);
        await Until.TrueAsync(() => balancer.Balancer.Stages.Routes["r1"].Counters.Refused(Refusal.Address) == 1, "it is counted");
        Assert.Equal(0, balancer.Balancer.Stages.Routes["r1"].Memory.Connections.Begun);
    }

    [Fact]
    public async Task Datagram_without_a_route_is_dropped_and_counted()
    {
        await using var balancer = await TestBalancer.ListenAsync(b => b.Snapshot() with { Listeners = [new Listener("dns", b.Port, ListenerProtocol.Udp, "127.0.0.1")] });
        using var client = new DatagramClient(balancer.Port);
        await client.Socket.SendAsync(new byte[1], TestContext.Current.CancellationToken);
        await Until.TrueAsync(() => balancer.Balancer.Stages.ListenerCounters.Of("dns").Failures(GreetingFailure.NoRoute) == 1, "it is counted");
    }

    private static Task<TestBalancer> StartAsync(RouteRules? rules, LeapingTime? time, params int[] targets) => TestBalancer.ListenAsync(
        b => b.Snapshot(new RoutePlan { Id = "r1", Name = "dns", Listeners = ["dns"], Rules = rules ?? new RouteRules(), Targets = [.. targets.Select((port, i) => TestBalancer.Target("t" + i, port))] }) with
        {
            Listeners = [new Listener("dns", b.Port, ListenerProtocol.Udp, "127.0.0.1")],
        }, time);
}
