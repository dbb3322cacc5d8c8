namespace OpenCluster.Controller.Tests.Support;

/// <summary>Waits for a condition, with a bound.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    public static async Task<T> ForAsync<T>(string what, Func<Task<T>> look, Func<T, bool> good, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Most);
        while (true)
        {
            var seen = await look();
            if (good(seen)) return seen;
            if (limit.IsCancellationRequested) throw new TimeoutException($"Not within {Most.TotalSeconds:0} s: {what}. Last seen: {seen}");
            await Task.Delay(Step, TimeProvider.System, ct);
        }
    }

    public static Task ForAsync(string what, Func<bool> good, CancellationToken ct) => ForAsync(what, () => Task.FromResult(good()), seen => seen, ct);
}
