using System.Globalization;
using System.Text.RegularExpressions;
using OpenCluster.Benchmarks.Machine;

namespace OpenCluster.Benchmarks.LoadBalancing;

/// <summary>The load generator: wrk, one thread, 64 connections, on the backend's CPU; for HTTP/2, which it does not speak, <see cref="H2Load"/>.</summary>
internal static partial class Wrk
{
    private const int Connections = 64;

    /// <summary>Milliseconds one expression may take; a page of text needs microseconds.</summary>
    private const int Limit = 1000;

    public sealed record Result(long Requests, double PerSecond, double P99Milliseconds);

    public static Task<Result> RunAsync(Workload load, int port, TimeSpan time, int cpu, CancellationToken ct) =>
        load.Speaks == Speaks.Http2 ? H2Load.RunAsync(load, port, time, cpu, ct) : RunOwnAsync(load, port, time, cpu, ct);

    private static async Task<Result> RunOwnAsync(Workload load, int port, TimeSpan time, int cpu, CancellationToken ct)
    {
        string[] close = load.NewConnections ? ["-H", "Connection: close"] : [];
        var output = await Command.OutputAsync("taskset",
            ["-c", $"{cpu}", "wrk", "-t1", $"-c{Connections}", $"-d{time.TotalSeconds:0}s", "--latency", .. close, load.Url(port)], ct).ConfigureAwait(false);
        var result = Read(output, load.NewConnections);
        // A proxy that answers with a few bytes of the wrong thing would look fast.
        if (Sent(output) is var bytes && bytes < 0.98 * load.BodyBytes * result.Requests)
            throw new BenchException($"{result.Requests} answers carried only {bytes:0} bytes, of {load.BodyBytes} each:\n{output}");
        return result;
    }

    /// <param name="closing">wrk counts a connection closed by the other side as a read error, which is then what was asked for.</param>
    internal static Result Read(string output, bool closing)
    {
        if (Wrong().Match(output) is { Success: true } wrong && (wrong.Value.StartsWith("Non-2xx", StringComparison.Ordinal) || !closing))
            throw new BenchException($"Not every answer was good, so there is no figure: {wrong.Value}");
        var requests = Requests().Match(output);
        var rate = Rate().Match(output);
        var p99 = P99().Match(output);
        if (!requests.Success || !rate.Success || !p99.Success || requests.Groups["count"].Value == "0") throw new BenchException($"wrk measured nothing:\n{output}");
        return new Result(long.Parse(requests.Groups["count"].Value, CultureInfo.InvariantCulture), Number(rate.Groups["rate"].Value),
            Number(p99.Groups["time"].Value) * p99.Groups["unit"].Value switch { "us" => 0.001, "ms" => 1, _ => 1000 });
    }

    /// <summary>Bytes read, from <c>123 requests in 4.00s, 1.23MB read</c>; wrk rounds to two decimals.</summary>
    private static double Sent(string output)
    {
        var read = BytesRead().Match(output);
        return read.Success ? Number(read.Groups["size"].Value) * read.Groups["unit"].Value switch { "KB" => 1024d, "MB" => 1 << 20, "GB" => 1 << 30, "TB" => 1L << 40, _ => 1 } : 0;
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?<count>\d+) requests in", RegexOptions.ExplicitCapture, Limit)]
    private static partial Regex Requests();

    [GeneratedRegex(@"Requests/sec:\s+(?<rate>[\d.]+)", RegexOptions.ExplicitCapture, Limit)]
    private static partial Regex Rate();

    [GeneratedRegex(@"99%\s+(?<time>[\d.]+)(?<unit>us|ms|s)", RegexOptions.ExplicitCapture, Limit)]
    private static partial Regex P99();

    [GeneratedRegex(@", (?<size>[\d.]+)(?<unit>B|KB|MB|GB|TB) read", RegexOptions.ExplicitCapture, Limit)]
    private static partial Regex BytesRead();

    [GeneratedRegex(@"Non-2xx[^\n]*|Socket errors[^\n]*", RegexOptions.None, Limit)]
    private static partial Regex Wrong();
}
