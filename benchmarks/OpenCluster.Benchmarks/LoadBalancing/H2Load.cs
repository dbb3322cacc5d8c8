using System.Globalization;
using System.Text.RegularExpressions;
using OpenCluster.Benchmarks.Machine;

namespace OpenCluster.Benchmarks.LoadBalancing;

/// <summary>The load generator for HTTP/2: h2load, one thread, 8 connections of 32 streams, on the backend's CPU.</summary>
internal static partial class H2Load
{
    /// <summary>Milliseconds one expression may take; a page of text needs microseconds.</summary>
    private const int Limit = 1000;

    /// <summary>It tells no percentiles, so its slowest request stands for the 99th.</summary>
    public static async Task<Wrk.Result> RunAsync(Workload load, int port, TimeSpan time, int cpu, CancellationToken ct)
    {
        var output = await Command.OutputAsync("taskset", ["-c", $"{cpu}", "h2load", "-t1", "-c8", "-m32", $"-D{time.TotalSeconds:0}", load.Url(port)], ct).ConfigureAwait(false);
        var counts = Counts().Match(output);
        var slowest = Slowest().Match(output);
        if (!counts.Success || !slowest.Success || counts.Groups["good"].Value == "0") throw new BenchException($"h2load measured nothing:\n{output}");
        if (counts.Groups["failed"].Value != "0" || counts.Groups["errored"].Value != "0") throw new BenchException($"Not every answer was good, so there is no figure: {counts.Value}");
        var good = long.Parse(counts.Groups["good"].Value, CultureInfo.InvariantCulture);
        var unit = slowest.Groups["unit"].Value switch { "us" => 0.001, "ms" => 1, _ => 1000 };
        return new Wrk.Result(good, good / time.TotalSeconds, double.Parse(slowest.Groups["time"].Value, CultureInfo.InvariantCulture) * unit);
    }

    [GeneratedRegex(@"(?<good>\d+) succeeded, (?<failed>\d+) failed, (?<errored>\d+) errored", RegexOptions.ExplicitCapture, Limit)]
    private static partial Regex Counts();

    [GeneratedRegex(@"time for request:\s+\S+\s+(?<time>[\d.]+)(?<unit>us|ms|s)", RegexOptions.ExplicitCapture, Limit)]
    private static partial Regex Slowest();
}
