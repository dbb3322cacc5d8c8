using System.Diagnostics;
using System.Globalization;
using OpenCluster.Data.Tests.Processes;

namespace OpenCluster.Data.Tests.Durability;

/// <summary>The process is killed in the middle of everything, and everything that was answered is there afterwards.</summary>
public sealed class KillTests
{
    private const int Rounds = 12;

    [Theory]
    [InlineData("always")]
    [InlineData("everysec")]
    public async Task What_was_answered_is_there_after_the_process_was_killed(string fsync)
    {
        using var directory = new TemporaryDirectory();
        var random = new Random(5);
        var answered = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var round = 0; ; round++)
        {
            using var server = ServerProcess.Start(directory.Path, fsync);
            using (var client = new DataClient(server.Port))
            {
                foreach (var (key, value) in answered) AssertAtLeast(client, key, value);
                AssertWhole(client);
            }
            if (round == Rounds) break;
            var writers = Enumerable.Range(0, 4).Select(writer => Task.Run(() => Write(server.Port, writer), TestContext.Current.CancellationToken)).ToArray();
            // Some rounds with a snapshot under way, all of them at a moment of chance.
            if (round % 3 == 1) Ask(server.Port, "bgrewriteaof");
            Waiting.Until(() => Ask(server.Port, "get", "count:0").Length > 0);
            var (until, moment) = (Stopwatch.StartNew(), random.Next(20, 200));
            Waiting.Until(() => until.ElapsedMilliseconds > moment);
            server.Kill();
            var last = await Task.WhenAll(writers);
            for (var writer = 0; writer < last.Length; writer++)
                if (last[writer] > 0)
                    answered[$"count:{writer}"] = last[writer];
        }
        Assert.NotEmpty(answered);
    }

    /// <summary>Counts up until the server is gone, and writes two keys that belong together in a transaction each time.</summary>
    /// <returns>The last number that was answered.</returns>
    private static long Write(int port, int writer)
    {
        var last = 0L;
        try
        {
            using var client = new DataClient(port);
            while (true)
            {
                client.Ask("multi");
                client.Ask("incr", $"count:{writer}");
                client.Ask("incr", $"twin:{writer}");
                if (client.Ask("exec").Items is not [var count, _]) return last;
                last = count.Integer;
            }
        }
        catch (Exception gone) when (gone is IOException or System.Net.Sockets.SocketException)
        {
            return last;
        }
    }

    private static void AssertAtLeast(DataClient client, string key, long answered)
    {
        var found = long.Parse(client.Ask("get", key).Text, CultureInfo.InvariantCulture);
        Assert.True(found >= answered, $"{key} is {found}, and {answered} was answered.");
    }

    private static void AssertWhole(DataClient client)
    {
        for (var writer = 0; writer < 4; writer++)
            Assert.Equal(client.Ask("get", $"count:{writer}").ToString(), client.Ask("get", $"twin:{writer}").ToString());
    }

    private static string Ask(int port, params string[] words)
    {
        using var client = new DataClient(port);
        return client.Ask(words).Text;
    }
}
