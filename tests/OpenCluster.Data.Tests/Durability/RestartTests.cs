using OpenCluster.Data.Durability;
using OpenCluster.Data.Tests.Oracle;

namespace OpenCluster.Data.Tests.Durability;

/// <summary>What was there is there again, whatever was written and however the log was kept.</summary>
public sealed class RestartTests
{
    private static readonly string[] Everything = [.. Templates.Groups.Where(g => g.Key != "transactions").SelectMany(g => g.Value).Where(t => t is not ("multi" or "exec" or "discard" or "flushall V"))];

    [Theory]
    [InlineData(FsyncPolicy.Always, false)]
    [InlineData(FsyncPolicy.EverySecond, false)]
    [InlineData(FsyncPolicy.No, false)]
    [InlineData(FsyncPolicy.EverySecond, true)]
    [InlineData(FsyncPolicy.Always, true)]
    public void Everything_is_there_again_after_a_restart(FsyncPolicy policy, bool withSnapshot)
    {
        using var directory = new TemporaryDirectory();
        var options = new DataOptions { Port = 0, Directory = directory.Path, Fsync = policy };
        var expected = "";
        using (var host = DataHost.Start(options, TimeProvider.System, _ => { }))
        {
            using var client = new DataClient(host.Port);
            Say(client, new CommandSource(1, Everything), 1500);
            if (withSnapshot)
            {
                Assert.False(client.Ask("bgrewriteaof").IsError);
                // Commands go on while it is taken: what it saves is what was there at its beginning, and the log has the rest.
                var source = new CommandSource(2, Everything);
                Until(() => Say(client, source, 20), () => client.Ask("info", "persistence").Text.Contains("snapshots_taken:1", StringComparison.Ordinal));
                Say(client, source, 500);
            }
            expected = Contents.Of(client);
        }
        using var again = DataHost.Start(options, TimeProvider.System, _ => { });
        using var asking = new DataClient(again.Port);
        Assert.Equal(expected, Contents.Of(asking));
        Assert.NotEqual("", expected);
    }

    [Fact]
    public void A_transaction_and_the_choice_of_chance_are_the_same_after_a_restart()
    {
        using var directory = new TemporaryDirectory();
        var options = new DataOptions { Port = 0, Directory = directory.Path };
        string expected;
        using (var host = DataHost.Start(options, TimeProvider.System, _ => { }))
        {
            using var client = new DataClient(host.Port);
            client.Ask(["sadd", "set", .. Enumerable.Range(0, 100).Select(i => $"m{i}")]);
            client.Ask("multi");
            client.Ask("spop", "set", "30");
            client.Ask("spop", "set");
            client.Ask("incrbyfloat", "sum", "0.1");
            client.Ask("set", "soon", "gone", "px", "1");
            Assert.Equal(4, client.Ask("exec").Items.Count);
            Until(() => { }, () => client.Ask("exists", "soon").Integer == 0);
            expected = Contents.Of(client);
        }
        using var again = DataHost.Start(options, TimeProvider.System, _ => { });
        using var asking = new DataClient(again.Port);
        Assert.Equal(expected, Contents.Of(asking));
        Assert.Equal(69, asking.Ask("scard", "set").Integer);
    }

    private static void Say(DataClient client, CommandSource source, int count)
    {
        for (var i = 0; i < count; i++) client.Ask(source.Next());
    }

    private static void Until(Action meanwhile, Func<bool> isSo)
    {
        for (var tries = 0; !isSo(); tries++)
        {
            Assert.True(tries < 20_000, "It does not come to an end.");
            meanwhile();
        }
    }
}
