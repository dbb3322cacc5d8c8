using System.Diagnostics;

namespace OpenCluster.Lab;

/// <summary>Runs the system's own tools (ip, mount, unshare).</summary>
internal static class LabShell
{
    /// <exception cref="IOException">It failed; the message is its own.</exception>
    public static async Task<string> RunAsync(string program, IEnumerable<string> words, CancellationToken ct)
    {
        string[] all = [.. words];
        using var process = Process.Start(new ProcessStartInfo(program, all) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
        await process.WaitForExitAsync(ct).ConfigureAwait(false);
        return process.ExitCode == 0 ? await output.ConfigureAwait(false) : throw new IOException($"{program} {string.Join(' ', all)}: {(await errors.ConfigureAwait(false)).Trim()}");
    }
}
