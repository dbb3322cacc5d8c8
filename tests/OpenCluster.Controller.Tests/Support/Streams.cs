namespace OpenCluster.Controller.Tests.Support;

internal static class Streams
{
    /// <summary>What comes up to and with the first item wanted; bounded in time.</summary>
    public static async Task<List<T>> TakeUntilAsync<T>(this IAsyncEnumerable<T> items, Func<T, bool> wanted, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        var taken = new List<T>();
        await foreach (var item in items.WithCancellation(limit.Token))
        {
            taken.Add(item);
            if (wanted(item)) break;
        }

        return taken;
    }
}
