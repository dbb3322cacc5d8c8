using OpenCluster.Agent.Sets;
using OpenCluster.Agent.Sets.Redis;

namespace OpenCluster.Agent.Tests.Sets;

public sealed class RedisDriverTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_copy_begins_fenced_and_empty_and_its_app_may_write_only_when_admitted()
    {
        using var redis = new RedisServer();
        await redis.StartAsync();
        using var driver = redis.Driver();
        using var app = redis.App();

        Assert.Equal(0, (await driver.StatusAsync(Ct)).MarkEpoch);
        await Assert.ThrowsAsync<RedisRefusedException>(() => app.AskAsync(Ct, "SET", "a", "1"));
        await driver.PromoteAsync(3, Ct);
        await Assert.ThrowsAsync<RedisRefusedException>(() => app.AskAsync(Ct, "SET", "a", "1"));
        await driver.AdmitAsync(Ct);
        await app.AskAsync(Ct, "SET", "a", "1");
        Assert.Equal(3, (await driver.StatusAsync(Ct)).MarkEpoch);
    }

    [Fact]
    public async Task A_fence_cuts_a_client_that_waits_for_replicas()
    {
        using var redis = new RedisServer();
        await redis.StartAsync();
        using var driver = redis.Driver();
        using var app = redis.App();
        await driver.PromoteAsync(1, Ct);
        await driver.AdmitAsync(Ct);
        await app.AskAsync(Ct, "SET", "a", "1");
        var waiting = app.AskAsync(Ct, "WAIT", "1", "60000");

        await driver.FenceAsync(Ct);

        await Assert.ThrowsAnyAsync<IOException>(() => waiting);
        await Assert.ThrowsAsync<RedisRefusedException>(() => app.AskAsync(Ct, "SET", "a", "2"));
        Assert.Equal("1", (await app.AskAsync(Ct, "GET", "a")).Text);
    }

    [Fact]
    public async Task A_follower_has_its_primarys_mark_and_offset_and_says_that_it_is_read_only()
    {
        using var one = new RedisServer();
        using var two = new RedisServer();
        await one.StartAsync();
        await two.StartAsync();
        using var primary = one.Driver();
        using var follower = two.Driver();
        await primary.PromoteAsync(7, Ct);
        await follower.FollowAsync("127.0.0.1", one.At.Port, Ct);
        await Until.HoldsAsync(async () => await follower.StatusAsync(Ct) is { LinkUp: true, Filling: false, MarkEpoch: 7 });

        using var app = two.App();
        var refused = await Assert.ThrowsAsync<RedisRefusedException>(() => app.AskAsync(Ct, "SET", "a", "1"));
        Assert.Contains("READONLY", refused.Message, StringComparison.Ordinal);
        await Until.HoldsAsync(async () => (await follower.StatusAsync(Ct)).Offset == (await primary.StatusAsync(Ct)).Offset);
    }

    [Fact]
    public async Task A_full_space_can_be_promoted()
    {
        using var redis = new RedisServer(memory: 1 << 20);
        await redis.StartAsync();
        using var driver = redis.Driver();

        await driver.PromoteAsync(2, Ct);
        await driver.AdmitAsync(Ct);

        using var app = redis.App();
        var full = await Assert.ThrowsAsync<RedisRefusedException>(() => app.AskAsync(Ct, "SET", "a", new string('x', 1 << 20)));
        Assert.Contains("OOM", full.Message, StringComparison.Ordinal);
        await driver.PromoteAsync(3, Ct);
    }

    [Fact]
    public async Task A_killed_primarys_log_has_everything_and_its_mark_says_whose_it_is()
    {
        using var redis = new RedisServer();
        await redis.StartAsync();
        using (var driver = redis.Driver())
        {
            await driver.PromoteAsync(5, Ct);
            await driver.AdmitAsync(Ct);
        }

        using (var app = redis.App())
            for (var i = 0; i < 1000; i++) await app.AskAsync(Ct, "SET", $"k{i}", $"{i}");
        await redis.KillAsync();
        await redis.StartAsync();

        using var again = redis.Driver();
        var status = await again.StatusAsync(Ct);
        var life = new CopyLife { PrimaryOf = 5, Boot = "this" };
        Assert.Equal((5, SetProgress.Everything), SetProgress.Of(status, 0, life, "this"));
        Assert.Equal((5, status.MarkOffset), SetProgress.Of(status, 0, life, "another"));
        using var reader = redis.App();
        Assert.Equal(1000, (await reader.AskAsync(Ct, "DBSIZE")).Integer);
        await Assert.ThrowsAsync<RedisRefusedException>(() => reader.AskAsync(Ct, "SET", "a", "1"));
    }

    [Fact]
    public async Task An_app_may_flush_its_own_database_and_cannot_reach_the_mark()
    {
        using var redis = new RedisServer();
        await redis.StartAsync();
        using var driver = redis.Driver();
        await driver.PromoteAsync(1, Ct);
        await driver.AdmitAsync(Ct);
        using var app = redis.App();

        await app.AskAsync(Ct, "FLUSHDB");
        await app.AskAsync(Ct, "SELECT", "0");
        foreach (var words in (string[][])[["SELECT", "1"], ["CONFIG", "GET", "*"], ["REPLICAOF", "NO", "ONE"], ["SWAPDB", "0", "1"], ["ACL", "LIST"], ["SHUTDOWN"]])
            await Assert.ThrowsAsync<RedisRefusedException>(() => app.AskAsync(Ct, words));
        Assert.Equal(1, (await driver.StatusAsync(Ct)).MarkEpoch);
    }
}
