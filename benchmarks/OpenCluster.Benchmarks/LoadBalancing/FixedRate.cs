using System.Globalization;
using OpenCluster.Benchmarks.Machine;

namespace OpenCluster.Benchmarks.LoadBalancing;

/// <summary>
/// Latency under a load that does not wait for the proxy: h2load sends HTTP/1.1 requests at a fixed rate over 64 connections, whether earlier ones
/// are answered or not, as far as a connection each allows. A generator that waits for its answers never meets a slow moment twice.
/// </summary>
internal static class FixedRate
{
    private const int Clients = 64;

    public sealed record Result(double P99Milliseconds, double P999Milliseconds);

    /// <param name="perSecond">Requests of all connections together.</param>
    public static async Task<Result> RunAsync(string directory, int port, double perSecond, TimeSpan time, int cpu, CancellationToken ct)
    {
        var log = Path.Combine(directory, "latencies");
        File.Delete(log);
        var each = Math.Max(1, (int)(perSecond / Clients));
        await Command.OutputAsync("taskset",
            ["-c", $"{cpu}", "h2load", "--h1", "-t1", $"-c{Clients}", $"-D{time.TotalSeconds:0}", $"--rps={each}", $"--log-file={log}", $"http://127.0.0.1:{port}/"], ct).ConfigureAwait(false);
        return Read(await File.ReadAllLinesAsync(log, ct).ConfigureAwait(false));
    }

    /// <summary>Lines of start, status and microseconds, separated by tabs.</summary>
    private static Result Read(string[] lines)
    {
        var columns = lines.Select(line => line.Split('\t')).ToArray();
        if (columns.Length == 0) throw new BenchException("h2load measured nothing.");
        if (columns.FirstOrDefault(c => c[1] != "200") is { } bad) throw new BenchException($"Not every answer was good, so there is no figure: status {bad[1]}.");
        var sorted = columns.Select(c => long.Parse(c[2], CultureInfo.InvariantCulture)).Order().ToArray();
        double At(double share) => sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)] / 1000.0;
        return new Result(At(0.99), At(0.999));
    }
}
