using System.Diagnostics;
using System.Security.Cryptography;

namespace OpenCluster.Lab;

/// <summary>
/// A host of its own on this machine, as far as one kernel has several: network, processes, name and machine id of its own, and this machine's
/// file system under a layer of its own (overlayfs), of which nothing comes back. Its processes all end with it.
/// </summary>
internal sealed class LabHost(string name, string address, string space, string directory) : IAsyncDisposable
{
    /// <summary>
    /// The host's first process: makes its file system, then only collects the dead. What another OpenCluster on this machine keeps is not
    /// this host's; /run is a tmpfs as on any server.
    /// </summary>
    private const string First = """
        set -e
        mount --make-rprivate /
        mkdir -p "$D/upper" "$D/work" "$D/root"
        mount -t overlay overlay -o "lowerdir=/,upperdir=$D/upper,workdir=$D/work" "$D/root"
        cd "$D/root"
        mount -t proc proc proc
        mount --rbind /sys sys
        mount --rbind /dev dev
        mount -t tmpfs -o mode=1777 tmpfs dev/shm
        mount -t tmpfs -o mode=755 tmpfs run
        rm -rf var/lib/opencluster usr/local/bin/opencluster root/.ssh root/.config/opencluster
        echo "$MACHINE" > etc/machine-id
        hostname "$NAME"
        echo "$NAME" > etc/hostname
        : > "$D/ready"
        exec chroot . /bin/sh -c 'while :; do sleep 3600 & wait $!; done'
        """;

    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(20);

    private Process? _outside;
    private int _init;

    public string Name => name;
    public string Address => address;
    public string Namespace => space;

    /// <summary>What it has written, by paths as the host itself sees them; for looking and laying something in.</summary>
    public string Layer => Path.Combine(directory, "upper");

    /// <summary>A command in the host, as root.</summary>
    public ProcessStartInfo Enter(params IEnumerable<string> words) =>
        // The directory is entered inside: one entered from outside would be none of the host's.
        new("nsenter", ["--target", $"{_init}", "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--", "/usr/bin/env", "--chdir=/root", .. words]) { UseShellExecute = false };

    /// <summary>Runs a command in the host to its end.</summary>
    /// <exception cref="IOException">It failed.</exception>
    public Task<string> RunAsync(string[] words, CancellationToken ct) => LabShell.RunAsync("nsenter", Enter(words).ArgumentList, ct);

    internal async Task StartAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(directory);
        var start = new ProcessStartInfo("ip", ["netns", "exec", space, "unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child=KILL", "/bin/sh", "-c", First])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        };
        (start.Environment["D"], start.Environment["NAME"], start.Environment["MACHINE"]) = (directory, name, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        _outside = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(StartWithin);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!File.Exists(Path.Combine(directory, "ready")))
        {
            if (_outside.HasExited) throw new IOException($"The host {name} cannot be made here: {(await _outside.StandardError.ReadToEndAsync(ct).ConfigureAwait(false)).Trim()}");
            await tick.WaitForNextTickAsync(limit.Token).ConfigureAwait(false);
        }

        // ip has become unshare, and its only child is the host's first process.
        _init = int.Parse(File.ReadAllText($"/proc/{_outside.Id}/task/{_outside.Id}/children").Trim(), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>As if its power were cut.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_outside is null) return;
        _outside.Kill();
        await _outside.WaitForExitAsync().ConfigureAwait(false);
        _outside.Dispose();
        _outside = null;
    }
}
