using System.Diagnostics;

namespace OpenCluster.Benchmarks.Machine;

/// <summary>Commands that run and end.</summary>
internal static class Command
{
    public sealed record Result(int ExitCode, string Output, string Errors);

    public static async Task<Result> RunAsync(string program, string[] arguments, CancellationToken ct)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new BenchException($"{program} could not be started.");
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(ct);
            var errors = process.StandardError.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct).ConfigureAwait(false);
            return new Result(process.ExitCode, await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Runs a command that must succeed and answers its output.</summary>
    public static async Task<string> OutputAsync(string program, string[] arguments, CancellationToken ct)
    {
        var result = await RunAsync(program, arguments, ct).ConfigureAwait(false);
        if (result.ExitCode == 0) return result.Output;
        throw new BenchException($"`{program} {string.Join(' ', arguments)}` ended with {result.ExitCode}: {result.Errors.Trim()} {result.Output.Trim()}");
    }

    /// <summary>Pins every thread of these processes to one CPU; threads made later inherit it.</summary>
    public static async Task PinAsync(IEnumerable<int> pids, int cpu, CancellationToken ct)
    {
        foreach (var pid in pids) await OutputAsync("taskset", ["-acp", $"{cpu}", $"{pid}"], ct).ConfigureAwait(false);
    }
}
