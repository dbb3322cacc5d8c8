using System.Diagnostics;

namespace OpenCluster.Store.Tests;

/// <summary>Waiting for what happens by itself, with a bound.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    public static async Task UntilAsync(Func<ValueTask<bool>> condition, string what)
    {
        var since = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < Bound, $"waited {Bound} in vain for: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The next batch of a watch.</summary>
    public static async Task<ChangeBatch> NextAsync(IAsyncEnumerator<ChangeBatch> watch)
    {
        Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(Bound), "the watch ended");
        return watch.Current;
    }
}
