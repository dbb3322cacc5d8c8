using System.Net;
using System.Net.Sockets;
using OpenCluster.Decisions.Admission;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Relaying;

public sealed class RelayedConnectionTests
{
    [Fact]
    public async Task Megabytes_pass_both_ways_together_and_the_end_of_one_side_leaves_the_other_open()
    {
        await using var target = StreamTarget.Echo();
        await using var balancer = await StartAsync(target.Port);
        using var client = balancer.Client();
        var text = string.Concat(Enumerable.Range(0, 500_000).Select(i => $"{i:d8}"));
        var sending = Task.Run(async () =>
        {
            await client.SendAsync(text);
            // The target ends only when it has seen our end: what it sends after that must still arrive.
            client.Socket.Shutdown(SocketShutdown.Send);
        }, TestContext.Current.CancellationToken);
        var buffer = new byte[65536];
        var received = new System.Text.StringBuilder();
        while (await client.Socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken) is var count and > 0) received.Append(System.Text.Encoding.Latin1.GetString(buffer, 0, count));
        await sending;
        Assert.True(text == received.ToString(), "what was sent came back");
        var counters = balancer.Balancer.Stages.Routes["r1"].Memory.Connections;
        await Until.TrueAsync(() => counters is { Open: 0, BytesUp: 4_000_000, BytesDown: 4_000_000 }, "it is counted");
    }

    [Fact]
    public async Task Target_that_speaks_first_is_heard()
    {
        await using var target = StreamTarget.Echo("220 ready\r\n");
        await using var balancer = await StartAsync(target.Port);
        using var client = balancer.Client();
        Assert.Equal("220 ready\r\n", await client.TakeAsync(11));
    }

    [Fact]
    public async Task Redis_is_served_through_it()
    {
        var port = TestBalancer.FreePort();
        using var redis = Tool.Start(Tool.Find("redis-server"), "--port", port.ToString(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no");
        await redis.UntilAsync("Ready to accept connections");
        await using var balancer = await StartAsync(port);
        Assert.Equal("OK", (await Tool.RunAsync("redis-cli", "-p", balancer.Port.ToString(), "set", "color", "blue")).Trim());
        Assert.Equal("blue", (await Tool.RunAsync("redis-cli", "-p", balancer.Port.ToString(), "get", "color")).Trim());
    }

    [Fact]
    public async Task Reset_of_one_side_is_a_reset_for_the_other()
    {
        await using var target = new StreamTarget(async socket =>
        {
            await socket.ReceiveAsync(new byte[100]);
            socket.LingerState = new LingerOption(true, 0);
        });
        await using var balancer = await StartAsync(target.Port);
        using var client = balancer.Client();
        await client.SendAsync("begin");
        var reset = await Assert.ThrowsAsync<SocketException>(client.RestAsync);
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    }

    [Fact]
    public async Task Connection_goes_to_another_target_when_the_first_cannot_be_reached()
    {
        await using var target = StreamTarget.Echo();
        await using var balancer = await StartAsync(TestBalancer.FreePort(), target.Port);
        for (var i = 0; i < 20; i++)
        {
            using var client = balancer.Client();
            await client.SendAsync("x");
            Assert.Equal("x", await client.TakeAsync(1));
        }
    }

    [Fact]
    public async Task Client_that_comes_while_no_target_serves_waits_until_one_does()
    {
        var port = TestBalancer.FreePort();
        await using var balancer = await StartAsync(port);
        using var client = balancer.Client();
        await client.SendAsync("early");
        await Until.TrueAsync(() => balancer.Balancer.Stages.Routes["r1"].Memory.Waiting.Count == 1, "it waits");
        await using var target = new StreamTarget(async socket =>
        {
            // To close with something unread would be a reset.
            await socket.ReceiveAsync(new byte[100]);
            await socket.SendAsync("at last"u8.ToArray());
        }, port);
        Assert.Equal("at last", await client.RestAsync());
    }

    [Fact]
    public async Task Without_any_target_the_client_is_cut_off_when_the_wait_is_over_and_it_is_counted()
    {
        await using var balancer = await StartAsync(new RouteRules { WaitFor = TimeSpan.FromMilliseconds(50) }, null, TestBalancer.FreePort());
        using var client = balancer.Client();
        await Assert.ThrowsAsync<SocketException>(client.RestAsync);
        await Until.TrueAsync(() => balancer.Balancer.Stages.Routes["r1"].Memory.Connections.Failed == 1, "it is counted");
    }

    [Fact]
    public async Task Target_that_does_not_answer_the_connect_is_tried_a_bounded_number_of_times()
    {
        // The first check takes the one place in its queue: the kernel lets further connects wait.
        using var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        deaf.Listen(0);
        await using var balancer = await StartAsync(new RouteRules { ConnectTimeout = TimeSpan.FromMilliseconds(100), WaitFor = TimeSpan.FromSeconds(1), Retries = 5 }, null, ((IPEndPoint)deaf.LocalEndPoint!).Port);
        using var client = balancer.Client();
        await Assert.ThrowsAsync<SocketException>(client.RestAsync);
        Assert.InRange(balancer.Balancer.Stages.Routes["r1"].Counters.Retries, 1, 12);
    }

    [Fact]
    public async Task Silence_beyond_the_routes_bound_ends_the_connection()
    {
        var time = new LeapingTime();
        await using var target = StreamTarget.Echo();
        await using var balancer = await StartAsync(new RouteRules { Idle = TimeSpan.FromMinutes(30) }, time, target.Port);
        using var client = balancer.Client();
        await client.SendAsync("x");
        Assert.Equal("x", await client.TakeAsync(1));
        time.Leap(TimeSpan.FromMinutes(29));
        await client.SendAsync("y");
        Assert.Equal("y", await client.TakeAsync(1));
        time.Leap(TimeSpan.FromMinutes(31));
        await EndedAsync(client);
    }

    [Fact]
    public async Task Who_may_not_come_is_closed_at_once_and_counted_by_reason()
    {
        await using var target = StreamTarget.Echo();
        await using var balancer = await StartAsync(new RouteRules { Admit = new AdmissionRule { NotFrom = ["127.0.0.0/8"] } }, null, target.Port);
        using var client = balancer.Client();
        await EndedAsync(client);
        await Until.TrueAsync(() => balancer.Balancer.Stages.Routes["r1"].Counters.Refused(Refusal.Address) == 1, "it is counted");
    }

    [Fact]
    public async Task Bound_on_connections_at_once_counts_those_open_now()
    {
        await using var target = StreamTarget.Echo("hello");
        await using var balancer = await StartAsync(new RouteRules { Admit = new AdmissionRule { PerClient = new LoadLimit { AtOnce = 1 } } }, null, target.Port);
        using (var first = balancer.Client())
        {
            await first.TakeAsync(5);
            using var second = balancer.Client();
            await EndedAsync(second);
        }
        await Until.TrueAsync(() => balancer.Balancer.Stages.Routes["r1"].Memory.Gate.AtOnce == 0, "the first has left");
        using var third = balancer.Client();
        Assert.Equal("hello", await third.TakeAsync(5));
    }

    [Fact]
    public async Task Connection_for_which_there_is_no_route_is_closed_and_counted()
    {
        await using var balancer = await TestBalancer.ListenAsync(b => b.Snapshot() with { Listeners = [new Listener("sql", b.Port, ListenerProtocol.Tcp, "127.0.0.1")] });
        using var client = balancer.Client();
        await EndedAsync(client);
        await Until.TrueAsync(() => balancer.Balancer.Stages.ListenerCounters.Of("sql").Failures(GreetingFailure.NoRoute) == 1, "it is counted");
    }

    private static async Task EndedAsync(RawClient client)
    {
        try
        {
            Assert.Equal("", await client.RestAsync());
        }
        catch (SocketException)
        {
            // A reset is an end as well.
        }
    }

    private static Task<TestBalancer> StartAsync(params int[] targets) => StartAsync(new RouteRules(), null, targets);

    private static Task<TestBalancer> StartAsync(RouteRules rules, LeapingTime? time, params int[] targets) => TestBalancer.ListenAsync(
        b => b.Snapshot(new RoutePlan { Id = "r1", Name = "sql", Listeners = ["sql"], Rules = rules, Targets = [.. targets.Select((port, i) => TestBalancer.Target("t" + i, port))] }) with
        {
            Listeners = [new Listener("sql", b.Port, ListenerProtocol.Tcp, "127.0.0.1")],
        }, time);
}
