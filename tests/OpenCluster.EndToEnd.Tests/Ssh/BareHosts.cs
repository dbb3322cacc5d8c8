using System.Diagnostics;
using OpenCluster.Lab;

namespace OpenCluster.EndToEnd.Tests.Ssh;

/// <summary>
/// A laptop and bare hosts beside it on a network of their own, each with its own file system and sshd; in systemd's place a program that starts
/// what a unit says. The laptop has a key that opens the hosts.
/// </summary>
public sealed class BareHosts : IAsyncLifetime
{
    /// <summary>What is copied to hosts: the product in one file. Not trimmed, as that takes minutes and changes nothing here.</summary>
    public static readonly string OneFile = Path.Combine(Path.GetDirectoryName(Executable.Path)!, "artifacts", "one-file", "opencluster");

    private LabNetwork? _network;

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("oc-hosts-").FullName;

    public string Key => Path.Combine(Directory, "key");

    internal LabHost Laptop { get; private set; } = null!;

    internal Dictionary<string, LabHost> Hosts { get; } = new(StringComparer.Ordinal);

    /// <summary>What the machine lacks for this; null when nothing.</summary>
    public string? Lacks { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Lacks = !Environment.IsPrivilegedProcess ? "root" : !File.Exists("/usr/sbin/sshd") ? "sshd (openssh-server)" : null;
        if (Lacks is not null) return;
        File.SetUnixFileMode(Directory, (UnixFileMode)Convert.ToInt32("755", 8));
        await PublishAsync();
        await LabShell.RunAsync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", Key], default);
        try
        {
            _network = await LabNetwork.CreateAsync($"oc{Environment.ProcessId}", Directory, default);
            Laptop = await _network.AddAsync("laptop", default);
        }
        catch (IOException refused)
        {
            Lacks = $"hosts in namespaces: {refused.Message}";
            return;
        }

        foreach (var name in (string[])["web1", "web2", "lb1", "plain", "stranger"]) Hosts[name] = await _network.AddAsync(name, default);
        foreach (var host in Hosts.Values) await SetUpAsync(host);
    }

    public async ValueTask DisposeAsync()
    {
        if (_network is not null) await _network.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    /// <summary>The command line on the laptop.</summary>
    internal async Task<Run> RunAsync(string? input, params string[] words)
    {
        var start = Laptop.Enter([OneFile, .. words]);
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        start.Environment["HOME"] = "/root";
        start.Environment.Remove("XDG_CONFIG_HOME");
        using var process = Process.Start(start)!;
        var ct = TestContext.Current.CancellationToken;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
        if (input is not null) await process.StandardInput.WriteAsync(input.AsMemory(), ct);
        process.StandardInput.Close();
        await process.WaitForExitAsync(ct);
        return new Run(process.ExitCode, await output, await errors);
    }

    /// <summary>A line of a list: name, login, fingerprint of the host's key.</summary>
    internal string LineOf(string name, string? called = null) => $"{called ?? name} root@{Hosts[name].Address} {_fingerprints[name]}";

    private readonly Dictionary<string, string> _fingerprints = new(StringComparer.Ordinal);

    /// <summary>A bare host as a provider hands it out: a host key of its own, ours let in as root.</summary>
    private async Task SetUpAsync(LabHost host)
    {
        await host.RunAsync(["/bin/sh", "-c", $$"""
            set -e
            rm -f /etc/ssh/ssh_host_*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
            mkdir -p -m 700 /root/.ssh; echo '{{(await File.ReadAllTextAsync(Key + ".pub")).Trim()}}' > /root/.ssh/authorized_keys
            mkdir -p /run/sshd /run/systemd/system
            printf '%s\n' '#!/bin/sh' 'echo "$*" >> /var/log/systemctl' '[ "$1" = enable ] || exit 0' \
                'setsid $(sed -n s/^ExecStart=//p /etc/systemd/system/opencluster-agent.service) >> /var/log/agent 2>&1 < /dev/null &' > /usr/local/bin/systemctl
            chmod 755 /usr/local/bin/systemctl
            /usr/sbin/sshd -o UsePAM=no -o PasswordAuthentication=no -o PidFile=none
            """], default);
        var printed = await host.RunAsync(["ssh-keygen", "-l", "-f", "/etc/ssh/ssh_host_ed25519_key.pub"], default);
        _fingerprints[host.Name] = printed.Split(' ')[1];
    }

    private static async Task PublishAsync()
    {
        // The launcher has built what is newest; the file is made anew only after that.
        await Executable.RunAsync("/", "--version");
        var built = new FileInfo(Path.Combine(Path.GetDirectoryName(Executable.Path)!, "artifacts", "run", ".built"));
        if (File.Exists(OneFile) && File.GetLastWriteTimeUtc(OneFile) > built.LastWriteTimeUtc) return;
        await LabShell.RunAsync("dotnet", ["publish", Path.Combine(Path.GetDirectoryName(Executable.Path)!, "src", "OpenCluster"), "-c", "Release", "-r", "linux-x64",
            "--self-contained", "-p:PublishSingleFile=true", "-p:PublishReadyToRun=false", "-p:DebugType=none", "-o", Path.GetDirectoryName(OneFile)!, "--nologo", "-v", "quiet"], default);
        File.SetLastWriteTimeUtc(OneFile, DateTime.UtcNow);
    }
}
