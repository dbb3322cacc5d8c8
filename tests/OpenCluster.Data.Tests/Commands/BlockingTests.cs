namespace OpenCluster.Data.Tests.Commands;

public sealed class BlockingTests
{
    [Fact]
    public void Those_who_wait_are_given_what_comes_the_longest_waiting_first()
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        using var first = new DataClient(host.Port);
        using var second = new DataClient(host.Port);
        using var pusher = new DataClient(host.Port);
        Wait(pusher, first, 1, "blpop", "other", "queue", "0");
        Wait(pusher, second, 2, "brpop", "queue", "0");

        Assert.Equal(2, pusher.Ask("rpush", "queue", "a", "b").Integer);
        Assert.Equal("""["queue", "a"]""", first.Read().ToString());
        Assert.Equal("""["queue", "b"]""", second.Read().ToString());
        Assert.Equal(0, pusher.Ask("exists", "queue").Integer);
    }

    [Fact]
    public void What_is_moved_to_a_list_goes_on_to_who_waits_for_that()
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        using var mover = new DataClient(host.Port);
        using var taker = new DataClient(host.Port);
        using var pusher = new DataClient(host.Port);
        Wait(pusher, taker, 1, "blpop", "to", "0");
        Wait(pusher, mover, 2, "blmove", "from", "to", "left", "right", "0");
        pusher.Ask("rpush", "from", "x");
        Assert.Equal("\"x\"", mover.Read().ToString());
        Assert.Equal("""["to", "x"]""", taker.Read().ToString());
    }

    [Fact]
    public void A_transaction_is_whole_before_anybody_is_given_anything()
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        using var waiter = new DataClient(host.Port);
        using var pusher = new DataClient(host.Port);
        Wait(pusher, waiter, 1, "bzpopmin", "scores", "0");
        pusher.Ask("multi");
        pusher.Ask("zadd", "scores", "2", "b");
        pusher.Ask("zadd", "scores", "1", "a");
        Assert.Equal("[1, 1]", pusher.Ask("exec").ToString());
        Assert.Equal("""["scores", "a", "1"]""", waiter.Read().ToString());
    }

    [Fact]
    public void What_a_client_says_while_he_waits_is_carried_out_afterwards()
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        using var waiter = new DataClient(host.Port);
        using var pusher = new DataClient(host.Port);
        Wait(pusher, waiter, 1, "blpop", "queue", "0");
        waiter.Send("ping");
        waiter.Send("echo", "later");
        pusher.Ask("lpush", "queue", "a");
        Assert.Equal("""["queue", "a"] "PONG" "later" """.Trim(), $"{waiter.Read()} {waiter.Read()} {waiter.Read()}");
    }

    [Fact]
    public void Somebody_who_waits_can_be_called_off_and_leaves_nothing_behind()
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        using var pusher = new DataClient(host.Port);
        using (var waiter = new DataClient(host.Port))
        {
            var id = waiter.Ask("client", "id").Integer;
            Wait(pusher, waiter, 1, "blpop", "queue", "0");
            Assert.Equal(1, pusher.Ask("client", "unblock", $"{id}", "error").Integer);
            Assert.Equal("UNBLOCKED client unblocked via CLIENT UNBLOCK", waiter.Read().Text);
            Wait(pusher, waiter, 1, "blpop", "queue", "0");
        }
        WaitFor(pusher, 0);
        Assert.Equal(1, pusher.Ask("rpush", "queue", "a").Integer);
        Assert.Equal(1, pusher.Ask("llen", "queue").Integer);
    }

    private static void Wait(DataClient other, DataClient waiter, int waiting, params string[] words)
    {
        waiter.Send(words);
        WaitFor(other, waiting);
    }

    private static void WaitFor(DataClient other, int waiting) => Waiting.Until(() => other.Ask("info", "clients").Text.Contains($"blocked_clients:{waiting}", StringComparison.Ordinal));
}
