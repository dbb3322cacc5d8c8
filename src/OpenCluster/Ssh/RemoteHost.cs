using System.Globalization;

namespace OpenCluster.Ssh;

/// <summary>What is done on a host on the way to a server. Each step looks first, so that doing it again changes nothing.</summary>
internal sealed class RemoteHost(SshTarget target, SshHost ssh, HostFacts facts)
{
    private const string Executable = HostFacts.ExecutablePath;

    public SshTarget Target => target;

    public HostFacts Facts => facts;

    private string Sudo => facts.Root ? "" : "sudo -n ";

    /// <summary>Connects and asks the host what it is.</summary>
    /// <exception cref="SshException">It cannot be reached, or is not a system that can be asked.</exception>
    public static async Task<RemoteHost> MeetAsync(SshTarget target, SshOptions options, TimeProvider time, CancellationToken ct)
    {
        var ssh = await SshHost.ConnectAsync(target, options, ct).ConfigureAwait(false);
        var sent = time.GetUtcNow();
        var run = await ssh.RunAsync("sh -s", HostFacts.Script, ct).ConfigureAwait(false);
        if (run.ExitCode != 0) throw new SshException($"its shell could not answer: {run.Errors.Trim()}");
        return new RemoteHost(target, ssh, HostFacts.Parse(run.Output, (sent, time.GetUtcNow())));
    }

    /// <summary>Tells of doubts.</summary>
    /// <exception cref="SshException">Something forbids that it becomes a server.</exception>
    public void Judge(IEnumerable<int> ports, HostProgress progress)
    {
        var verdict = HostVerdict.Of(facts, ports);
        foreach (var doubt in verdict.Doubts) progress.Tell(target, doubt);
        if (verdict.Obstacles.Count > 0) throw new SshException(string.Join("; ", verdict.Obstacles));
    }

    /// <summary>Has the executable there, whole or not at all.</summary>
    public async Task BringAsync(OneFile file, CancellationToken ct)
    {
        if (facts.Executable == file.Digest) return;
        var part = $".opencluster-{file.Digest[..16]}.part";
        await ssh.CopyAsync(file.Path, part, ct).ConfigureAwait(false);
        // Renamed into place: a program that runs keeps the file it runs from.
        await DoAsync($"echo '{file.Digest}  {part}' | sha256sum -c --quiet && {Sudo}install -m 755 {part} {Executable}.new && {Sudo}mv {Executable}.new {Executable}; s=$?; rm -f {part}; exit $s", null, ct).ConfigureAwait(false);
    }

    /// <summary>Joins with a line that never stands on a command line.</summary>
    /// <param name="address">That services there listen at; null for the one that reaches the controller.</param>
    public Task JoinAsync(string line, string? address, CancellationToken ct) =>
        DoAsync($"{Sudo}{Executable} join - --directory {HostFacts.AgentDirectory}{(address is null ? "" : $" --address {address}")}", line + "\n", ct);

    /// <summary>Makes it the first server.</summary>
    /// <param name="answers">As <c>install --answers</c> reads them; a password among them.</param>
    public Task InstallAsync(string answers, CancellationToken ct) => DoAsync($"{Sudo}{Executable} install --answers -", answers, ct);

    /// <summary>The roots of the authority that an installation there has made.</summary>
    public Task<string> RootsAsync(CancellationToken ct) => DoAsync($"{Sudo}cat /var/lib/opencluster/controller/trust/roots.pem", null, ct);

    public ValueTask CloseAsync() => ssh.DisposeAsync();

    private async Task<string> DoAsync(string command, string? input, CancellationToken ct)
    {
        var run = await ssh.RunAsync(command, input, ct).ConfigureAwait(false);
        if (run.ExitCode == 0) return run.Output;
        var said = (run.Errors.Trim().Length > 0 ? run.Errors : run.Output).Trim();
        const string error = "error: ";
        throw new SshException(said.StartsWith(error, StringComparison.Ordinal) ? said[error.Length..] : string.Create(CultureInfo.InvariantCulture, $"a command there ended with {run.ExitCode}: {said}"));
    }
}
