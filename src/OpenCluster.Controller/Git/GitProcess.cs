using System.Diagnostics;
using System.Text;

namespace OpenCluster.Controller.Git;

/// <summary>How a run of git ended.</summary>
/// <param name="ExitCode">Null when it was stopped at its time limit.</param>
/// <param name="Output">Standard output, cut at the bound.</param>
/// <param name="Error">Standard error, cut, without credentials.</param>
internal sealed record GitRun(int? ExitCode, string Output, string Error, bool Cut);

/// <summary>
/// Runs git as a child that can neither ask anybody, nor run another program as a transport, nor fill our memory, nor hang.
/// </summary>
internal static class GitProcess
{
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(30);

    /// <summary>A repository with 40,000 branches still fits.</summary>
    public const int MaxOutputBytes = 4 << 20;
    private const int MaxErrorBytes = 16 << 10;

    /// <summary>Transports that are only transports; <c>ext::</c> and other helpers would run what a URL says.</summary>
    private const string Protocols = "file:git:http:https:ssh";

    public static async Task<GitRun> RunAsync(IReadOnlyList<string> arguments, TimeProvider time, CancellationToken ct)
    {
        var start = new ProcessStartInfo("git")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        var environment = start.Environment;
        environment["LC_ALL"] = "C";
        environment["GIT_TERMINAL_PROMPT"] = "0";
        environment["GIT_ASKPASS"] = environment["SSH_ASKPASS"] = "/bin/false";
        environment["GIT_ALLOW_PROTOCOL"] = Protocols;
        environment.TryAdd("GIT_SSH_COMMAND", "ssh -oBatchMode=yes -oConnectTimeout=10");

        using var process = Process.Start(start) ?? throw new InvalidOperationException("git did not start.");
        process.StandardInput.Close();
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var limit = new CancellationTokenSource(TimeLimit, time);
        using var stop = limit.Token.Register(limited.Cancel);
        var output = ReadAsync(process.StandardOutput.BaseStream, MaxOutputBytes, limited.Token);
        var error = ReadAsync(process.StandardError.BaseStream, MaxErrorBytes, limited.Token);
        try
        {
            await Task.WhenAll(output, error);
            await process.WaitForExitAsync(limited.Token);
            var (text, cut) = await output;
            return new GitRun(process.ExitCode, text, GitUrl.WithoutCredentials((await error).Text), cut);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return new GitRun(null, "", "", false);
        }
        finally
        {
            // git talks through children of its own (ssh, remote-https), which would outlive it.
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Reads to the end, keeps up to the bound.</summary>
    private static async Task<(string Text, bool Cut)> ReadAsync(Stream stream, int maxBytes, CancellationToken ct)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[16 << 10];
        var cut = false;
        for (int read; (read = await stream.ReadAsync(buffer, ct)) > 0;)
        {
            var fits = (int)Math.Min(read, maxBytes - kept.Length);
            kept.Write(buffer, 0, fits);
            cut |= fits < read;
        }

        return (Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length), cut);
    }
}
