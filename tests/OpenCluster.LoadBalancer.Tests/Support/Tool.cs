using System.Diagnostics;
using System.Text;

namespace OpenCluster.LoadBalancer.Tests.Support;

/// <summary>A program run to its end, or for as long as the test needs it.</summary>
internal sealed class Tool : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private bool _isDisposed;

    private Tool(Process process) => _process = process;

    /// <summary>What it has written so far, both streams.</summary>
    public string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
    }

    public StreamWriter Input => _process.StandardInput;

    public static bool Has(string program) => Path(program) is not null;

    /// <summary>Where a program is; skips the test where it is missing.</summary>
    public static string Find(string program)
    {
        Need(program);
        return Path(program)!;
    }

    /// <summary>Skips the test where a program is missing.</summary>
    public static void Need(string program)
    {
        if (!Has(program)) Assert.Skip("needs " + program);
    }

    public static Tool Start(string program, params string[] arguments)
    {
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true },
        };
        var tool = new Tool(process);
        process.OutputDataReceived += (_, line) => tool.Add(line.Data);
        process.ErrorDataReceived += (_, line) => tool.Add(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return tool;
    }

    /// <summary>Runs it to its end, within a minute, and gives what it wrote.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var tool = Start(program, arguments);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await tool._process.WaitForExitAsync(limit.Token);
        return tool.Output;
    }

    public Task UntilAsync(string text) => Until.TrueAsync(() => Output.Contains(text, StringComparison.Ordinal), $"\"{text}\" in: {Output}");

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    /// <summary>Servers are in /usr/sbin, which is not on everyone's PATH.</summary>
    private static string? Path(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Select(d => System.IO.Path.Combine(d, program)).FirstOrDefault(File.Exists);

    private void Add(string? line)
    {
        if (line is null) return;
        lock (_output) _output.AppendLine(line);
    }
}
