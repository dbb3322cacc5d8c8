using System.Diagnostics;

namespace OpenCluster.Host;

/// <summary>The system's manager, by its own command line.</summary>
/// <param name="units">Where units of this machine's administrator are kept.</param>
internal sealed class Systemd(string units)
{
    public const string Units = "/etc/systemd/system";

    /// <summary>sd_booted(3).</summary>
    public static bool Runs => Directory.Exists("/run/systemd/system");

    private string Unit => Path.Combine(units, AgentUnit.Name);

    /// <summary>Writes the agent's unit and starts it, now and at every boot.</summary>
    /// <exception cref="IOException">systemd refuses; the message is its own.</exception>
    public async Task KeepUpAsync(string executable, string directory, CancellationToken ct)
    {
        await File.WriteAllTextAsync(Unit, AgentUnit.Text(executable, directory), ct).ConfigureAwait(false);
        await RunAsync(["daemon-reload"], ct).ConfigureAwait(false);
        await RunAsync(["enable", "--now", AgentUnit.Name], ct).ConfigureAwait(false);
    }

    /// <summary>Stops keeping the agent up and forgets the unit; without one there is nothing to do.</summary>
    /// <exception cref="IOException">systemd refuses.</exception>
    public async Task LetGoAsync(CancellationToken ct)
    {
        if (!File.Exists(Unit)) return;
        await RunAsync(["disable", "--now", AgentUnit.Name], ct).ConfigureAwait(false);
        File.Delete(Unit);
        await RunAsync(["daemon-reload"], ct).ConfigureAwait(false);
    }

    private static async Task RunAsync(string[] words, CancellationToken ct)
    {
        using var run = Process.Start(new ProcessStartInfo("systemctl", words) { RedirectStandardError = true, UseShellExecute = false })!;
        var errors = await run.StandardError.ReadToEndAsync(ct).ConfigureAwait(false);
        await run.WaitForExitAsync(ct).ConfigureAwait(false);
        if (run.ExitCode != 0) throw new IOException($"systemctl {string.Join(' ', words)} ended with {run.ExitCode}: {errors.Trim()}");
    }
}
