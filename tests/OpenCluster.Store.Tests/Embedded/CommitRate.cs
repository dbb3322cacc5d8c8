using System.Diagnostics;
using OpenCluster.Store.Embedded;

namespace OpenCluster.Store.Tests.Embedded;

/// <summary>A measurement, not a test: commits a second, each synced to a real disk. Runs only when asked for; see the README.</summary>
public sealed class CommitRate
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    [Theory(Explicit = true)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(256)]
    public async Task Commits_a_second(int writers)
    {
        using var directory = new TemporaryDirectory();
        await using var store = EmbeddedStore.Open(directory.Path, new EmbeddedStoreOptions());
        var since = Stopwatch.GetTimestamp();
        var value = new byte[500];
        var counts = await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            var count = 0;
            for (; Stopwatch.GetElapsedTime(since) < Duration; count++)
                await store.CommitAsync(new Transaction().Put($"writer/{writer}/{count % 100}", value), TestContext.Current.CancellationToken);
            return count;
        })));
        var rate = counts.Sum() / Stopwatch.GetElapsedTime(since).TotalSeconds;
        TestContext.Current.TestOutputHelper!.WriteLine($"{writers} writers: {rate:n0} commits/s");
        Assert.True(rate > 1);
    }
}
