using System.Net.Sockets;

namespace OpenCluster.Sockets.Tests;

public sealed class PollingTests : IDisposable
{
    private const int LongMilliseconds = 30_000;

    private readonly Polling polling = new();
    private readonly Pair pair = new();

    public void Dispose()
    {
        pair.Dispose();
        polling.Close();
    }

    [Fact]
    public void A_socket_is_told_once_by_edges_and_again_when_more_has_come()
    {
        polling.Watch(pair.Near, Polling.In | Polling.Edge);
        pair.FarSends("a");
        Assert.Equal((pair.Near, Polling.In), Only());
        Assert.Equal(0, polling.Wait(0));
        pair.FarSends("b");
        Assert.Equal((pair.Near, Polling.In), Only());
    }

    [Fact]
    public void A_socket_is_told_by_levels_for_as_long_as_something_is_left()
    {
        polling.Watch(pair.Near, Polling.In);
        pair.FarSends("ab");
        Assert.Equal((pair.Near, Polling.In), Only());
        Assert.Equal((pair.Near, Polling.In), Only());
        Assert.Equal(2, Kernel.Receive(pair.Near, new byte[8]));
        Assert.Equal(0, polling.Wait(0));
    }

    [Fact]
    public void What_is_waited_for_can_be_changed_and_given_up()
    {
        polling.Watch(pair.Near, Polling.In);
        Assert.Equal(0, polling.Wait(0));
        polling.Change(pair.Near, Polling.Out);
        Assert.Equal((pair.Near, Polling.Out), Only());
        polling.Unwatch(pair.Near);
        Assert.Equal(0, polling.Wait(0));
    }

    [Fact]
    public void The_end_of_the_other_side_is_told_with_its_last_bytes()
    {
        polling.Watch(pair.Near, Polling.In | Polling.PeerEnded | Polling.Edge);
        pair.FarSends("last");
        pair.Far.Shutdown(SocketShutdown.Send);
        // As one event or as two, as the kernel gets to it.
        var told = 0u;
        while ((told & Polling.PeerEnded) == 0) told |= Only().Events;
        Assert.Equal(Polling.In | Polling.PeerEnded, told);
        Assert.Equal(4, Kernel.Receive(pair.Near, new byte[8]));
        Assert.Equal(0, Kernel.Receive(pair.Near, new byte[8]));
    }

    [Fact]
    public async Task A_wake_up_from_another_thread_ends_the_wait_every_time()
    {
        for (var i = 0; i < 100; i++)
        {
            var waking = Task.Run(polling.Wake, TestContext.Current.CancellationToken);
            Assert.Equal((-1, 0u), Only());
            await waking;
        }
        // However often it was woken meanwhile, it is one wake-up, and afterwards none.
        polling.Wake();
        polling.Wake();
        Assert.Equal((-1, 0u), Only());
        Assert.Equal(0, polling.Wait(0));
    }

    [Fact]
    public void Events_that_do_not_fit_come_with_the_next_wait()
    {
        var narrow = new Polling(most: 1);
        using var second = new Pair();
        narrow.Watch(pair.Near, Polling.Out | Polling.Edge);
        narrow.Watch(second.Near, Polling.Out | Polling.Edge);
        Assert.Equal(1, narrow.Wait(LongMilliseconds));
        var (first, _) = narrow[0];
        Assert.Equal(1, narrow.Wait(LongMilliseconds));
        Assert.Equal([pair.Near, second.Near], new[] { first, narrow[0].Descriptor }.Order());
        narrow.Close();
    }

    [Fact]
    public void Watching_what_is_not_open_says_which_call_failed()
    {
        var failure = Assert.Throws<IOException>(() => polling.Watch(int.MaxValue, Polling.In));
        Assert.StartsWith("epoll_ctl failed: ", failure.Message, StringComparison.Ordinal);
    }

    private (int Descriptor, uint Events) Only()
    {
        Assert.Equal(1, polling.Wait(LongMilliseconds));
        return polling[0];
    }
}
