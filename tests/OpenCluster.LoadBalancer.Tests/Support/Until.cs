namespace OpenCluster.LoadBalancer.Tests.Support;

internal static class Until
{
    /// <summary>Waits for a condition, at most half a minute: a bound for busy machines, not a time that anything takes.</summary>
    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), what);

    /// <summary>Waits for a condition, at most half a minute: a bound for busy machines, not a time that anything takes.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(30)) Assert.Fail("waited in vain: " + what);
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
