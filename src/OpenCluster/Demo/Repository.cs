using System.Diagnostics;

namespace OpenCluster.Demo;

/// <summary>One of the demo's repositories: a bare one that the cluster fetches from, and a clone in which a developer works.</summary>
internal sealed class Repository
{
    private readonly string _clone;

    private Repository(string bare, string clone) => (Bare, _clone) = (bare, clone);

    /// <summary>What the cluster fetches from.</summary>
    public string Bare { get; }

    /// <summary>Makes a repository from the files of an example, with branches main and develop.</summary>
    public static async Task<Repository> CreateAsync(string name, string source, string directory, CancellationToken ct)
    {
        var made = new Repository(Path.Combine(directory, "repositories", name), Path.Combine(directory, "developer", name));
        Directory.CreateDirectory(made._clone);
        CopyFiles(source, made._clone);
        await made.GitAsync(ct, "init", "--quiet", "--initial-branch=main").ConfigureAwait(false);
        await made.GitAsync(ct, "init", "--quiet", "--bare", "--initial-branch=main", made.Bare).ConfigureAwait(false);
        await made.GitAsync(ct, "remote", "add", "origin", made.Bare).ConfigureAwait(false);
        await made.CommitAsync("First version", ct).ConfigureAwait(false);
        await made.GitAsync(ct, "push", "--quiet", "origin", "main", "main:develop").ConfigureAwait(false);
        return made;
    }

    /// <summary>Edits one file, commits and pushes to main.</summary>
    public async Task PushAsync(string file, Func<string, string> edit, string message, CancellationToken ct)
    {
        var path = Path.Combine(_clone, file);
        var before = await File.ReadAllTextAsync(path, ct).ConfigureAwait(false);
        var after = edit(before);
        if (after == before) throw new InvalidOperationException($"The edit \"{message}\" changes nothing in {file}: the example has changed and the demo has not.");
        await File.WriteAllTextAsync(path, after, ct).ConfigureAwait(false);
        await CommitAsync(message, ct).ConfigureAwait(false);
        await GitAsync(ct, "push", "--quiet", "origin", "main").ConfigureAwait(false);
    }

    /// <summary>Takes the last commit back and pushes that.</summary>
    public async Task RevertAsync(CancellationToken ct)
    {
        await GitAsync(ct, "revert", "--no-edit", "HEAD").ConfigureAwait(false);
        await GitAsync(ct, "push", "--quiet", "origin", "main").ConfigureAwait(false);
    }

    private async Task CommitAsync(string message, CancellationToken ct)
    {
        await GitAsync(ct, "add", "--all").ConfigureAwait(false);
        await GitAsync(ct, "commit", "--quiet", "--message", message).ConfigureAwait(false);
    }

    private async Task GitAsync(CancellationToken ct, params string[] words)
    {
        var start = new ProcessStartInfo("git", ["-C", _clone, .. words]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        // The demo's commits are its own, whatever this machine's git is set to.
        foreach (var role in (string[])["AUTHOR", "COMMITTER"])
        {
            start.Environment[$"GIT_{role}_NAME"] = "Joe";
            start.Environment[$"GIT_{role}_EMAIL"] = "joe@joebarry.test";
        }

        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        using var git = Process.Start(start) ?? throw new IOException("git could not be started.");
        var output = git.StandardOutput.ReadToEndAsync(ct);
        var errors = await git.StandardError.ReadToEndAsync(ct).ConfigureAwait(false);
        await output.ConfigureAwait(false);
        await git.WaitForExitAsync(ct).ConfigureAwait(false);
        if (git.ExitCode != 0) throw new IOException($"git {words[0]} failed in {_clone}: {errors.Trim()}");
    }

    private static void CopyFiles(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }
}
