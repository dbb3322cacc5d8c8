using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace OpenCluster.Benchmarks.Machine;

/// <summary>A process that runs until it is disposed, with everything below it. What it prints goes to a file, read only when it fails.</summary>
internal sealed class Child : IAsyncDisposable
{
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly string _log;

    private Child(Process process, string log, string name)
    {
        _process = process;
        _log = log;
        Name = name;
    }

    public string Name { get; }

    public int Pid => _process.Id;

    /// <summary>It and its descendants, as they are now.</summary>
    public IReadOnlyList<int> Pids => Proc.Tree(Pid);

    /// <param name="directory">Where its output is kept, as <c>NAME.log</c>.</param>
    public static Child Start(string name, string directory, string program, string[] arguments, params (string Name, string Value)[] environment)
    {
        var log = Path.Combine(directory, name + ".log");
        // The shell replaces itself by the program, so that the pid is the program's and no pipe of ours is in the way of its output.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >\"$log\" 2>&1 </dev/null", "sh", log, program, .. arguments]) { WorkingDirectory = directory };
        foreach (var (key, value) in environment) start.Environment[key] = value;
        return new Child(Process.Start(start) ?? throw new BenchException($"{program} could not be started."), log, name);
    }

    /// <summary>Waits until something accepts connections at the port, looking every millisecond, and answers how long that took.</summary>
    public async Task ListeningAsync(int port, TimeSpan limit, TimeProvider time, CancellationToken ct) =>
        await UntilAsync(() => AcceptsAsync(port, ct), $"port {port} accepts connections", limit, time, ct).ConfigureAwait(false);

    /// <summary>Waits for a condition, looking every 2 ms; fails with what the process printed when it ends or the limit passes.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan limit, TimeProvider time, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        while (!await condition().ConfigureAwait(false))
        {
            if (_process.HasExited) throw new BenchException($"{Name} ended with {_process.ExitCode}: {Printed()}");
            if (time.GetElapsedTime(started) > limit) throw new BenchException($"{Name} was given {limit.TotalSeconds} s until {what}, in vain: {Printed()}");
            await Task.Delay(TimeSpan.FromMilliseconds(2), time, ct).ConfigureAwait(false);
        }
    }

    /// <summary>SIGTERM and time to end by itself, children included; then SIGKILL to the whole tree.</summary>
    public async ValueTask DisposeAsync()
    {
        using (_process)
        {
            if (_process.HasExited) return;
            await Command.RunAsync("/bin/sh", ["-c", $"kill -TERM {Pid}"], CancellationToken.None).ConfigureAwait(false);
            using var limit = new CancellationTokenSource(StopTime);
            try
            {
                await _process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }
    }

    private string Printed()
    {
        var text = File.Exists(_log) ? File.ReadAllText(_log) : "";
        return text.Length > 2000 ? text[^2000..] : text;
    }

    private static async Task<bool> AcceptsAsync(int port, CancellationToken ct)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), ct).ConfigureAwait(false);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
