using System.Text;
using OpenCluster.Client.Tests.Support;

namespace OpenCluster.Client.Tests;

/// <summary>Ready connections, by what the broker says.</summary>
public sealed class BrokerTests
{
    [Fact]
    public async Task A_connection_comes_ready_to_be_spoken_on()
    {
        using var database = new TestApp("a database");
        await using var balancer = await BalancerProcess.StartAsync(database.Port);
        using var cluster = new OpenClusterClient(BalancerProcess.Token, balancer.Api);

        var found = await cluster.FindAsync("db", ct: TestContext.Current.CancellationToken);
        Assert.Equal(("postgres", "app", "direct"), (found.Protocol, found.User, found.Ways[0].How));
        await using var connection = await cluster.ConnectAsync("db", ct: TestContext.Current.CancellationToken);
        Assert.EndsWith("a database", await AskAsync(connection), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_that_shows_its_address_to_nobody_is_connected_to_through_the_load_balancer()
    {
        using var orders = new TestApp("orders");
        await using var balancer = await BalancerProcess.StartAsync();
        using var cluster = new OpenClusterClient(BalancerProcess.Token, balancer.Api);
        await using var registered = await cluster.RegisterAsync(new AppRegistration { Port = orders.Port, Endpoint = "orders", Mode = ReachMode.Through }, TestContext.Current.CancellationToken);
        await balancer.ServesAsync("/", "orders");

        Assert.Equal("through", Assert.Single((await cluster.FindAsync("orders", ct: TestContext.Current.CancellationToken)).Ways).How);
        await using var connection = await cluster.ConnectAsync("orders", ct: TestContext.Current.CancellationToken);
        Assert.EndsWith("orders", await AskAsync(connection), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_goes_on_with_another_load_balancer_when_one_dies()
    {
        using var database = new TestApp("a database");
        await using var first = await BalancerProcess.StartAsync(database.Port);
        using var elsewhere = new TestApp("another");
        await using var second = await BalancerProcess.StartAsync(elsewhere.Port);
        using var cluster = new OpenClusterClient(BalancerProcess.Token, first.Api, second.Api);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        over.CancelAfter(TimeSpan.FromSeconds(60));
        await using var watch = cluster.WatchAsync("db", ct: over.Token).GetAsyncEnumerator(over.Token);

        await NextAsync(watch, database.Port);
        await first.KillAsync();
        await NextAsync(watch, elsewhere.Port);
    }

    [Fact]
    public async Task What_a_token_may_not_ask_for_is_refused()
    {
        await using var balancer = await BalancerProcess.StartAsync(database: 1);
        using var cluster = new OpenClusterClient(BalancerProcess.OtherToken, balancer.Api);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => cluster.ConnectAsync("db", ct: TestContext.Current.CancellationToken));
        Assert.Equal("endpoint-not-allowed", refused.Code);
    }

    private static async Task NextAsync(IAsyncEnumerator<EndpointAnswer> watch, int port)
    {
        while (await watch.MoveNextAsync())
            if (watch.Current.Ways.Any(w => w.Port == port)) return;
        Assert.Fail("the watch has ended");
    }

    private static async Task<string> AskAsync(Stream connection)
    {
        await connection.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        var buffer = new byte[4096];
        return Encoding.ASCII.GetString(buffer, 0, await connection.ReadAsync(buffer, TestContext.Current.CancellationToken));
    }
}
