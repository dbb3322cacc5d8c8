using System.Diagnostics;
using System.Text;

namespace OpenCluster.Ssh;

/// <summary>What a command on a host came to.</summary>
internal sealed record SshRun(int ExitCode, string Output, string Errors);

/// <summary>
/// One host by the machine's own ssh and scp (OpenSSH), over one shared connection. Host keys are always checked; what is secret goes by
/// standard input, and passwords are asked for by ssh itself.
/// </summary>
internal sealed class SshHost : IAsyncDisposable
{
    /// <summary>ssh(1): its own failure, not the command's.</summary>
    private const int Failed = 255;

    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(15);

    private readonly SshTarget _target;
    private readonly SshOptions _options;
    private readonly string _known;

    private SshHost(SshTarget target, SshOptions options)
    {
        (_target, _options) = (target, options);
        _known = Path.Combine(options.Directory, target.Name + ".known");
    }

    /// <summary>Connects, after the host's key has been compared where its fingerprint was given.</summary>
    /// <exception cref="SshException">It cannot be reached, its key is not the one, or nobody is let in.</exception>
    public static async Task<SshHost> ConnectAsync(SshTarget target, SshOptions options, CancellationToken ct)
    {
        var host = new SshHost(target, options);
        if (target.Fingerprint is { } fingerprint) await host.LearnAsync(fingerprint, ct).ConfigureAwait(false);
        await host.RunAsync("true", null, ct).ConfigureAwait(false);
        return host;
    }

    /// <summary>Runs a command by the host's shell. Nothing secret may stand in it.</summary>
    /// <param name="input">Told on standard input.</param>
    /// <exception cref="SshException">ssh itself failed.</exception>
    public async Task<SshRun> RunAsync(string command, string? input, CancellationToken ct)
    {
        var run = await StartAsync("ssh", [.. Common("-p"), _target.Login, "--", command], input, ct).ConfigureAwait(false);
        return run.ExitCode == Failed ? throw new SshException(Reason(run.Errors)) : run;
    }

    /// <summary>Copies a file into the home directory of who logs in.</summary>
    /// <exception cref="SshException">It could not be copied.</exception>
    public async Task CopyAsync(string file, string name, CancellationToken ct)
    {
        var brackets = _target.Host.Contains(':', StringComparison.Ordinal);
        var login = brackets ? _target.Login.Replace(_target.Host, $"[{_target.Host}]", StringComparison.Ordinal) : _target.Login;
        var run = await StartAsync("scp", [.. Common("-P"), "-q", file, $"{login}:{name}"], null, ct).ConfigureAwait(false);
        if (run.ExitCode != 0) throw new SshException($"{Path.GetFileName(file)} could not be copied there: {Last(run.Errors)}");
    }

    /// <summary>Closes the shared connection.</summary>
    public async ValueTask DisposeAsync() =>
        await StartAsync("ssh", [.. Common("-p"), "-O", "exit", _target.Login], null, CancellationToken.None).ConfigureAwait(false);

    private IEnumerable<string> Common(string port)
    {
        yield return port;
        yield return $"{_target.Port}";
        if (_options.IdentityFile is { } identity)
        {
            yield return "-i";
            yield return identity;
        }

        var options = new List<string>
        {
            $"ConnectTimeout={ConnectTime.TotalSeconds:0}",
            $"BatchMode={(_options.Batch ? "yes" : "no")}",
            $"StrictHostKeyChecking={(_target.Fingerprint is null && _options.AcceptNewHostKeys ? "accept-new" : _options.Batch || _target.Fingerprint is not null ? "yes" : "ask")}",
            "ControlMaster=auto", $"ControlPath={_options.Directory}/%C", "ControlPersist=60",
            "ForwardAgent=no", "ForwardX11=no",
        };
        // A fingerprint that was given counts alone: neither an older entry nor another kind of key may say otherwise.
        if (_target.Fingerprint is not null) options.AddRange([$"UserKnownHostsFile={_known}", "GlobalKnownHostsFile=/dev/null"]);
        foreach (var option in options)
        {
            yield return "-o";
            yield return option;
        }
    }

    /// <summary>Asks the host for its keys and keeps the one whose fingerprint was given. Who stands between has another.</summary>
    private async Task LearnAsync(string fingerprint, CancellationToken ct)
    {
        var shown = await StartAsync("ssh-keyscan", ["-T", $"{ConnectTime.TotalSeconds:0}", "-p", $"{_target.Port}", _target.Host], null, ct).ConfigureAwait(false);
        var keys = shown.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !l.StartsWith('#')).ToList();
        if (keys.Count == 0) throw new SshException($"{_target.Host}:{_target.Port} shows no ssh host key: is a server of ssh running there, and reachable from here?");
        foreach (var key in keys)
        {
            var print = await StartAsync("ssh-keygen", ["-l", "-E", "sha256", "-f", "-"], key + "\n", ct).ConfigureAwait(false);
            if (!print.Output.Split(' ').Contains(fingerprint)) continue;
            await File.WriteAllTextAsync(_known, key + "\n", ct).ConfigureAwait(false);
            return;
        }

        throw new SshException($"its host key is another than {fingerprint}: this is not the host you mean, or somebody stands between. Nothing was sent to it.");
    }

    private string Reason(string errors) => errors switch
    {
        _ when errors.Contains("REMOTE HOST IDENTIFICATION HAS CHANGED", StringComparison.Ordinal) =>
            $"its host key is another than the one known: somebody may stand between. If the host was set up anew, `ssh-keygen -R {_target.Host}` forgets the old key.",
        _ when errors.Contains("Host key verification failed", StringComparison.Ordinal) =>
            "its host key is not known. Write its fingerprint (`ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub` there) at the end of its line, connect once with ssh, or give --accept-new-host-keys.",
        _ when errors.Contains("Permission denied", StringComparison.Ordinal) => $"nobody is let in as {_target.Login}: {Last(errors)} Give the key with --identity, or add it there with `ssh-copy-id {_target.Login}`.",
        _ => $"it cannot be reached: {Last(errors)}",
    };

    private static string Last(string errors) => errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "no reason was given.";

    private static async Task<SshRun> StartAsync(string program, IEnumerable<string> words, string? input, CancellationToken ct)
    {
        var start = new ProcessStartInfo(program, words)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            StandardInputEncoding = new UTF8Encoding(false),
        };
        using var process = Process.Start(start) ?? throw new SshException($"{program} could not be started; install openssh-client.");
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
            if (input is not null) await process.StandardInput.WriteAsync(input.AsMemory(), ct).ConfigureAwait(false);
            process.StandardInput.Close();
            await process.WaitForExitAsync(ct).ConfigureAwait(false);
            return new SshRun(process.ExitCode, await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
