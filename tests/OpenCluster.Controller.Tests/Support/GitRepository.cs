using System.Diagnostics;

namespace OpenCluster.Controller.Tests.Support;

/// <summary>A real git repository in a directory.</summary>
internal sealed class GitRepository
{
    private GitRepository(string path) => Path = path;

    public string Path { get; }

    public static async Task<GitRepository> CreateAsync(string path)
    {
        var repository = new GitRepository(Directory.CreateDirectory(path).FullName);
        await repository.RunAsync("init", "--quiet", "--initial-branch=main");
        return repository;
    }

    /// <summary>A commit on a branch (made when it is not there); answers its name.</summary>
    public async Task<string> CommitAsync(string message, string branch = "main")
    {
        if (branch != "main") await RunAsync("checkout", "--quiet", "-B", branch);
        await File.WriteAllTextAsync(System.IO.Path.Combine(Path, "file.txt"), message);
        await RunAsync("add", "--all");
        await RunAsync("-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "--quiet", "--allow-empty", "-m", message);
        return (await RunAsync("rev-parse", "HEAD")).Trim();
    }

    public async Task<string> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("git") { WorkingDirectory = Path, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException(await error);
    }
}
