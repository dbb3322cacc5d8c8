using System.Diagnostics;

namespace OpenCluster.EndToEnd.Tests;

/// <summary>What a run of the executable came to.</summary>
internal sealed record Run(int ExitCode, string Output, string Errors);

/// <summary>The executable as a user has it: a process, its output, its exit code.</summary>
internal static class Executable
{
    /// <summary>The launcher in the root of the repository: builds when needed, then executes.</summary>
    public static string Path { get; } = System.IO.Path.Combine(Root(), "opencluster");

    public static Task<Run> RunAsync(string directory, params string[] arguments) => RunAsync(directory, null, arguments);

    /// <param name="input">Told on standard input; null for nothing, with the input left open.</param>
    public static async Task<Run> RunAsync(string directory, byte[]? input, string[] arguments)
    {
        using var process = Start(directory, arguments);
        if (input is not null)
        {
            await process.StandardInput.BaseStream.WriteAsync(input, TestContext.Current.CancellationToken);
            process.StandardInput.Close();
        }

        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(4));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        return new Run(process.ExitCode, await output, await errors);
    }

    /// <summary>Starts it and leaves it running; the caller ends it.</summary>
    public static Process Start(string directory, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(Path, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        })!;

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(directory.FullName, "OpenCluster.slnx"))) directory = directory.Parent!;
        return directory.FullName;
    }
}
