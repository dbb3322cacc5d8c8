using System.Globalization;
using OpenCluster.Benchmarks.Machine;

namespace OpenCluster.Benchmarks.Data;

/// <summary>Redis's own load generator, on CPU 1, over 100,000 keys.</summary>
internal static class RedisBenchmark
{
    private const int LoadCpu = 1;
    private const int ValueBytes = 64;

    /// <summary>Operations per second.</summary>
    public static async Task<double> RunAsync(int port, string test, int count, int clients, int pipeline, int bytes, CancellationToken ct)
    {
        var output = await Command.OutputAsync("taskset",
            ["-c", $"{LoadCpu}", "redis-benchmark", "-p", $"{port}", "-t", test, "-n", $"{count}", "-c", $"{clients}", "-P", $"{pipeline}", "-d", $"{bytes}", "-r", "100000", "--csv"], ct).ConfigureAwait(false);
        var line = output.Split('\n').LastOrDefault(l => l.StartsWith($"\"{test.ToUpperInvariant()}\"", StringComparison.Ordinal))
            ?? throw new BenchException($"redis-benchmark said nothing about {test}: {output}");
        return double.Parse(line.Split(',')[1].Trim('"'), CultureInfo.InvariantCulture);
    }

    /// <summary>Sets so many different keys to values of 64 bytes.</summary>
    public static async Task FillAsync(string directory, int port, int count, CancellationToken ct)
    {
        var file = Path.Combine(directory, "fill.txt");
        if (!File.Exists(file))
        {
            await using var writer = new StreamWriter(file);
            for (var i = 0; i < count; i++)
                await writer.WriteAsync($"*3\r\n$3\r\nSET\r\n$11\r\nkey:{i:0000000}\r\n${ValueBytes}\r\n{i:D64}\r\n").ConfigureAwait(false);
        }
        await Command.OutputAsync("/bin/sh", ["-c", $"taskset -c {LoadCpu} redis-cli -p {port} --pipe < {file}"], ct).ConfigureAwait(false);
    }
}
