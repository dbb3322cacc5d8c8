using OpenCluster.Client.Tests.Support;

namespace OpenCluster.Client.Tests;

/// <summary>An app that stays registered, with load-balancers that are processes of their own.</summary>
public sealed class RegisteredTests
{
    [Fact]
    public async Task An_app_gets_requests_while_it_is_registered_and_none_after()
    {
        await using var balancer = await BalancerProcess.StartAsync();
        using var app = new TestApp("orders");
        using var cluster = new OpenClusterClient(BalancerProcess.Token, balancer.Api);
        await using (await cluster.RegisterAsync(new AppRegistration { Port = app.Port, Paths = ["/orders"] }, TestContext.Current.CancellationToken))
            await balancer.ServesAsync("/orders/1", "orders");

        Assert.NotEqual(200, (await balancer.GetAsync("/orders/1")).Status);
    }

    [Fact]
    public async Task It_is_renewed_in_time_and_stays_registered_beyond_its_lease()
    {
        await using var balancer = await BalancerProcess.StartAsync();
        using var app = new TestApp("orders");
        using var cluster = new OpenClusterClient(BalancerProcess.Token, balancer.Api);
        await using var registered = await cluster.RegisterAsync(new AppRegistration { Port = app.Port, TtlSeconds = 2 }, TestContext.Current.CancellationToken);
        await balancer.ServesAsync("/", "orders");

        // Seven renewals are four leases and more; without them it would be gone after one.
        await Until.TrueAsync(() => Task.FromResult(registered.Renewals >= 7), "seven renewals");
        Assert.Equal((200, "orders"), await balancer.GetAsync("/"));
        Assert.Equal("serving", registered.State);
    }

    [Fact]
    public async Task When_its_load_balancer_dies_it_registers_with_another()
    {
        await using var first = await BalancerProcess.StartAsync();
        await using var second = await BalancerProcess.StartAsync();
        using var app = new TestApp("orders");
        using var cluster = new OpenClusterClient(BalancerProcess.Token, first.Api, second.Api);
        await using var registered = await cluster.RegisterAsync(new AppRegistration { Port = app.Port, TtlSeconds = 3 }, TestContext.Current.CancellationToken);
        await first.ServesAsync("/", "orders");

        await first.KillAsync();

        // These two are no peers: the second has never heard of it, and it registers anew.
        await second.ServesAsync("/", "orders");
    }

    [Fact]
    public async Task A_load_balancer_that_died_and_started_again_still_knows_it()
    {
        await using var balancer = await BalancerProcess.StartAsync();
        using var app = new TestApp("orders");
        using var cluster = new OpenClusterClient(BalancerProcess.Token, balancer.Api);
        await using var registered = await cluster.RegisterAsync(new AppRegistration { Port = app.Port, TtlSeconds = 3600 }, TestContext.Current.CancellationToken);
        await balancer.ServesAsync("/", "orders");

        await balancer.KillAsync();
        await balancer.StartAgainAsync();

        // Its next renewal is twenty minutes away: what is served comes from disk.
        await balancer.ServesAsync("/", "orders");
        Assert.Equal(0, registered.Renewals);
    }

    [Fact]
    public async Task An_app_without_an_open_port_is_reached_over_connections_that_the_library_opens()
    {
        await using var balancer = await BalancerProcess.StartAsync();
        using var app = new TestApp("behind");
        using var cluster = new OpenClusterClient(BalancerProcess.Token, balancer.Api);
        await using var registered = await cluster.RegisterAsync(new AppRegistration { Port = app.Port, Reverse = true }, TestContext.Current.CancellationToken);
        await balancer.ServesAsync("/", "behind");

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => balancer.GetAsync("/")));
        Assert.All(answers, a => Assert.Equal((200, "behind"), a));

        // After a restart the library opens new ones.
        await balancer.KillAsync();
        await balancer.StartAgainAsync();
        await balancer.ServesAsync("/", "behind");
    }

    [Fact]
    public async Task A_path_that_another_app_holds_is_refused_unless_both_share()
    {
        await using var balancer = await BalancerProcess.StartAsync();
        using var app = new TestApp("orders");
        using var cluster = new OpenClusterClient(BalancerProcess.Token, balancer.Api);
        using var others = new OpenClusterClient(BalancerProcess.OtherToken, balancer.Api);
        var ct = TestContext.Current.CancellationToken;
        await using (await cluster.RegisterAsync(new AppRegistration { Port = app.Port, Paths = ["/orders"] }, ct))
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => others.RegisterAsync(new AppRegistration { Port = app.Port, Paths = ["/orders"], Shared = true }, ct));
            Assert.Equal("path-taken", refused.Code);
        }

        await using var shared = await cluster.RegisterAsync(new AppRegistration { Port = app.Port, Paths = ["/orders"], Shared = true }, ct);
        await using var sharing = await others.RegisterAsync(new AppRegistration { Port = app.Port, Paths = ["/orders"], Shared = true }, ct);
        await balancer.ServesAsync("/orders", "orders");
    }

    [Fact]
    public async Task Who_registers_as_the_same_instance_replaces_the_one_before_which_is_told()
    {
        await using var balancer = await BalancerProcess.StartAsync();
        using var old = new TestApp("old");
        using var young = new TestApp("young");
        using var cluster = new OpenClusterClient(BalancerProcess.Token, balancer.Api);
        await using var before = await cluster.RegisterAsync(new AppRegistration { Port = old.Port, Instance = "one", TtlSeconds = 2 }, TestContext.Current.CancellationToken);
        await balancer.ServesAsync("/", "old");
        var replaced = new TaskCompletionSource();
        before.Replaced += replaced.SetResult;

        await using var after = await cluster.RegisterAsync(new AppRegistration { Port = young.Port, Instance = "one" }, TestContext.Current.CancellationToken);

        await replaced.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await balancer.ServesAsync("/", "young");
    }

    [Fact]
    public async Task A_wrong_token_is_refused_with_a_code()
    {
        await using var balancer = await BalancerProcess.StartAsync();
        using var cluster = new OpenClusterClient("oc_wrong", balancer.Api);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => cluster.RegisterAsync(new AppRegistration { Port = 80 }, TestContext.Current.CancellationToken));
        Assert.Equal("not-authenticated", refused.Code);
    }

    [Fact]
    public async Task When_no_load_balancer_can_be_reached_that_is_said()
    {
        using var cluster = new OpenClusterClient(BalancerProcess.Token, new Uri("http://127.0.0.1:1"));
        await Assert.ThrowsAsync<HttpRequestException>(() => cluster.RegisterAsync(new AppRegistration { Port = 80 }, TestContext.Current.CancellationToken));
    }
}
