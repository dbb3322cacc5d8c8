using System.Diagnostics;

namespace OpenCluster.Data.Tests;

/// <summary>Waits until something is so, at most half a minute.</summary>
internal static class Waiting
{
    public static void Until(Func<bool> isSo)
    {
        var waited = Stopwatch.StartNew();
        while (!isSo())
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(30), "It did not come about.");
            Thread.Yield();
        }
    }
}
