namespace OpenCluster.LoadBalancer.Tests.Support;

internal static class Until
{
    /// <summary>Waits for a condition, at most ten seconds.</summary>
    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), what);

    /// <summary>Waits for a condition, at most ten seconds.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(10)) Assert.Fail("waited in vain: " + what);
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
