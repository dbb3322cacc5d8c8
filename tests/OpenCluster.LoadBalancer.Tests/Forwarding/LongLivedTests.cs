using System.Net.Sockets;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Forwarding;

/// <summary>Connections that last: WebSockets, other upgrades, event streams. They outlive changes of the configuration, and end with a drain.</summary>
public sealed class LongLivedTests
{
    private const string Upgrade = "GET /chat HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

    private const string Server = """
        import asyncio, websockets
        async def serve(socket):
            async for message in socket:
                await socket.send(message)
        async def main():
            async with websockets.serve(serve, '127.0.0.1', 0, max_size=None) as server:
                print('port', server.sockets[0].getsockname()[1], flush=True)
                await asyncio.Future()
        asyncio.run(main())
        """;

    private const string Client = """
        import asyncio, sys, websockets
        async def main():
            async with websockets.connect('ws://127.0.0.1:' + sys.argv[1] + '/chat', max_size=None) as socket:
                for size in (0, 1, 125, 126, 65536, 3_000_000):
                    await socket.send('x' * size)
                    assert len(await socket.recv()) == size
                await asyncio.gather(*(socket.send(bytes([i])) for i in range(100)))
                print('echoed', sum([len(await socket.recv()) for _ in range(100)]), flush=True)
                await (await socket.ping())
                await socket.close(4001, 'enough')
                print('closed', socket.close_code, flush=True)
        asyncio.run(main())
        """;

    private static Task EchoAsync(RawRequest request) => EchoAsync(request, () => { });

    private static async Task EchoAsync(RawRequest request, Action ended)
    {
        await request.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        var buffer = new byte[1000];
        try
        {
            int count;
            while ((count = await request.Socket.ReceiveAsync(buffer)) > 0) await request.Socket.SendAsync(buffer.AsMemory(0, count));
        }
        finally
        {
            ended();
        }
        request.Close();
    }

    [Fact]
    public async Task WebSockets_of_a_real_library_come_through()
    {
        if (!File.Exists("/usr/lib/python3/dist-packages/websockets/__init__.py")) Assert.Skip("needs python3-websockets");
        using var server = Tool.Start("/usr/bin/python3", "-c", Server);
        await server.UntilAsync("port ");
        var port = int.Parse(server.Output.Split('\n')[0].Split(' ')[1]);
        await using var balancer = await TestBalancer.ServeAsync(new RoutePlan { Id = "r1", Name = "site", Matches = [new RouteMatch("*")], Targets = [TestBalancer.Target("t0", port)] });
        var output = await Tool.RunAsync("/usr/bin/python3", "-c", Client, balancer.Port.ToString());
        Assert.Contains("echoed 100", output);
        Assert.Contains("closed 4001", output);
    }

    [Fact]
    public async Task Drain_tells_both_ends_of_a_WebSocket_that_it_goes_away()
    {
        if (!File.Exists("/usr/lib/python3/dist-packages/websockets/__init__.py")) Assert.Skip("needs python3-websockets");
        const string Waiting = """
            import asyncio, sys, websockets
            async def main():
                async with websockets.connect('ws://127.0.0.1:' + sys.argv[1] + '/chat') as socket:
                    await socket.send('hello')
                    print(await socket.recv(), flush=True)
                    await socket.wait_closed()
                    print('closed', socket.close_code, flush=True)
            asyncio.run(main())
            """;
        using var server = Tool.Start("/usr/bin/python3", "-c", Server.Replace("await socket.send(message)", "await socket.send(message)\n    print('closed', socket.close_code, flush=True)", StringComparison.Ordinal));
        await server.UntilAsync("port ");
        var port = int.Parse(server.Output.Split('\n')[0].Split(' ')[1]);
        await using var balancer = await TestBalancer.ServeAsync(new RoutePlan { Id = "r1", Name = "site", Matches = [new RouteMatch("*")], Targets = [TestBalancer.Target("t0", port)] });
        using var client = Tool.Start("/usr/bin/python3", "-c", Waiting, balancer.Port.ToString());
        await client.UntilAsync("hello");
        await balancer.Balancer.DrainAsync(TimeSpan.Zero);
        await client.UntilAsync("closed 1001");
        await server.UntilAsync("closed 1001");
    }

    [Fact]
    public async Task Drain_never_speaks_within_a_frame()
    {
        const string Asking = "GET /chat HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        await using var target = new RawTarget(async request =>
        {
            // Of five bytes of text it sends two.
            await request.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\u0081\u0005he");
            await request.TakeAsync(1_000_000);
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        await client.SendAsync(Asking);
        Assert.Equal(101, (await client.ReadAsync()).Status);
        Assert.Equal("\u0081\u0005he", await client.TakeAsync(4));
        await balancer.Balancer.DrainAsync(TimeSpan.Zero);
        Assert.Equal("", await client.RestOrResetAsync());
    }

    [Fact]
    public async Task Upgraded_connection_outlives_reloads_even_one_that_takes_its_target_and_route_away()
    {
        await using var target = new RawTarget(EchoAsync);
        await using var other = RawTarget.Answering("other");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        await client.SendAsync(Upgrade);
        Assert.Equal(101, (await client.ReadAsync()).Status);
        for (var i = 0; i < 20; i++)
        {
            balancer.Use(balancer.Snapshot(new RoutePlan { Id = "r" + i, Name = "site", Matches = [new RouteMatch("*")], Targets = [TestBalancer.Target("other", other.Port)] }));
            await client.SendAsync("hello");
            Assert.Equal("hello", await client.TakeAsync(5));
        }
        using var next = balancer.Client();
        await Until.TrueAsync(() => balancer.Report("other").State == TargetState.Up, "checked");
        Assert.Equal("other", (await next.GetAsync()).Body);
    }

    [Fact]
    public async Task Upgraded_connection_may_be_closed_one_way_and_goes_on_the_other()
    {
        await using var target = new RawTarget(async request =>
        {
            await request.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
            while (await request.Socket.ReceiveAsync(new byte[100]) > 0)
            {
            }
            await request.SendAsync("all heard");
            request.Close();
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        await client.SendAsync(Upgrade);
        Assert.Equal(101, (await client.ReadAsync()).Status);
        await client.SendAsync("a word");
        client.Socket.Shutdown(SocketShutdown.Send);
        Assert.Equal("all heard", await client.RestAsync());
    }

    [Fact]
    public async Task Drain_lets_upgraded_connections_go_on_for_its_time_and_then_ends_them_on_both_sides()
    {
        var ended = new TaskCompletionSource();
        await using var target = new RawTarget(request => EchoAsync(request, ended.SetResult));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        await client.SendAsync(Upgrade);
        Assert.Equal(101, (await client.ReadAsync()).Status);
        var draining = balancer.Balancer.DrainAsync(TimeSpan.FromSeconds(2));
        await client.SendAsync("hello");
        Assert.Equal("hello", await client.TakeAsync(5));
        await draining;
        Assert.Equal("", await client.RestAsync());
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Events_pass_one_by_one_outlive_reloads_and_end_with_the_drain()
    {
        var next = new SemaphoreSlim(0);
        await using var target = new RawTarget(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (var i = 0; i < 1000; i++)
            {
                await next.WaitAsync();
                await request.SendAsync($"9\r\ndata: {i % 10}\n\n\r\n");
            }
        });
        await using var other = RawTarget.Answering("other");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        await client.SendAsync("GET /events HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n\r\n");
        Assert.Contains("text/event-stream", await client.HeadAsync());
        for (var i = 0; i < 20; i++)
        {
            next.Release();
            Assert.Equal($"9\r\ndata: {i % 10}\n\n\r\n", await client.TakeAsync(14));
            balancer.Use(balancer.Snapshot(new RoutePlan { Id = "r" + i, Name = "site", Matches = [new RouteMatch("*")], Targets = [TestBalancer.Target("other", other.Port)] }));
        }
        var draining = balancer.Balancer.DrainAsync(TimeSpan.FromSeconds(1));
        await draining;
        // Without the last chunk: the browser sees that it broke off, and asks again, elsewhere.
        Assert.Equal("", await client.RestAsync());
    }
}
