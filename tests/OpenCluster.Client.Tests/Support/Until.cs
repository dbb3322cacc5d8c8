namespace OpenCluster.Client.Tests.Support;

internal static class Until
{
    /// <summary>Waits for a condition, at most thirty seconds.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(30)) Assert.Fail("waited in vain for " + what);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
