using System.Collections.Immutable;
using OpenCluster.Model.Files;
using OpenCluster.Model.Running;

namespace OpenCluster.Controller.Git;

/// <summary>Which commit a branch (or a commit's own name, or a tag) is at a remote, or why that could not be said.</summary>
internal abstract record Resolution
{
    /// <param name="Message">First line of its message where it can be read without a fetch; else empty.</param>
    public sealed record Found(string Commit, string Message) : Resolution;

    public sealed record NotFound(Failure Failure) : Resolution;
}

/// <summary>Asks remotes, at most <see cref="AtOnce"/> at the same time.</summary>
internal sealed class CommitResolver(TimeProvider time) : IDisposable
{
    public const int AtOnce = 4;
    private const int MaxMessage = 200;
    private const int MaxLogLines = 30;

    private readonly SemaphoreSlim _turns = new(AtOnce, AtOnce);

    /// <param name="branch">Null for the remote's default branch.</param>
    /// <param name="commit">A commit's name or a tag; null for the branch's head.</param>
    public async Task<Resolution> ResolveAsync(string git, string? branch, string? commit, CancellationToken ct)
    {
        // What has no remote to ask (a full name) is left to the build, which fetches it.
        await _turns.WaitAsync(ct);
        try
        {
            var run = await GitProcess.RunAsync(["ls-remote", "--symref", "--", git], time, ct);
            if (run.ExitCode != 0) return Unreachable(git, run);
            if (run.Cut) return Failed("git-huge", $"{Shown(git)} lists more branches and tags than fit {GitProcess.MaxOutputBytes >> 20} MiB. Remove old ones.");
            var refs = RemoteRefs.Parse(run.Output);
            if (commit is not null) return await NamedAsync(git, refs, commit, ct);
            if (refs.Branches.IsEmpty) return Failed("git-empty", $"The repository {Shown(git)} is empty. Push a commit to it.");

            var name = branch ?? refs.DefaultBranch ?? refs.Branches.Keys.First();
            if (!refs.Branches.TryGetValue(name, out var head)) return NoBranch(git, name, refs);
            return new Resolution.Found(head, await MessageAsync(git, head, ct));
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <summary>What a remote has now, or null when it did not say.</summary>
    public async Task<RemoteRefs?> RefsAsync(string git, CancellationToken ct)
    {
        await _turns.WaitAsync(ct);
        try
        {
            var run = await GitProcess.RunAsync(["ls-remote", "--symref", "--", git], time, ct);
            return run.ExitCode == 0 && !run.Cut ? RemoteRefs.Parse(run.Output) : null;
        }
        finally
        {
            _turns.Release();
        }
    }

    public void Dispose() => _turns.Dispose();

    private async Task<Resolution> NamedAsync(string git, RemoteRefs refs, string commit, CancellationToken ct)
    {
        var wanted = commit.ToLowerInvariant();
        if (refs.Tags.TryGetValue(commit, out var tagged)) return new Resolution.Found(tagged, await MessageAsync(git, tagged, ct));
        if (CommitName.IsFull(wanted)) return new Resolution.Found(wanted, await MessageAsync(git, wanted, ct));
        if (!CommitName.IsAbbreviated(wanted))
            return Failed("git-no-commit", $"\"{commit}\" is neither a commit nor a tag of {Shown(git)}. Give the commit's name, or a tag.");

        // A remote tells only the heads; an older commit must be named in full.
        var fits = refs.Branches.Values.Concat(refs.Tags.Values).Where(known => known.StartsWith(wanted, StringComparison.Ordinal)).Distinct().ToList();
        return fits.Count == 1
            ? new Resolution.Found(fits[0], await MessageAsync(git, fits[0], ct))
            : Failed("git-no-commit", $"\"{commit}\" is not the head of a branch or a tag of {Shown(git)}. Give the commit's full name (`git rev-parse {commit}`).");
    }

    /// <summary>Only a repository on this machine shows a commit without a fetch.</summary>
    private async Task<string> MessageAsync(string git, string commit, CancellationToken ct)
    {
        if (GitUrl.LocalPath(git) is not { } path || !Directory.Exists(path)) return "";
        var run = await GitProcess.RunAsync(["-C", path, "log", "-1", "--format=%s", commit, "--"], time, ct);
        var line = run.ExitCode == 0 ? run.Output.Trim() : "";
        return line.Length <= MaxMessage ? line : line[..MaxMessage];
    }

    private static Resolution NoBranch(string git, string branch, RemoteRefs refs)
    {
        return Failed("git-no-branch", $"There is no branch \"{branch}\" in {Shown(git)}. {DidYouMean.Hint(branch, refs.Branches.Keys)}");
    }

    private static Resolution Unreachable(string git, GitRun run)
    {
        if (run.ExitCode is null)
            return Failed("git-timeout", $"{Shown(git)} did not answer within {GitProcess.TimeLimit.TotalSeconds:0} s. Is the host up and reachable from the controller?");

        ImmutableArray<string> lines = [.. run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(MaxLogLines)];
        var text = run.Error;
        var (code, reason) = text switch
        {
            _ when Says(text, "transport '") => ("git-protocol", "That kind of URL is not allowed. Use https, ssh, git, or a path."),
            _ when Says(text, "Authentication failed") || Says(text, "could not read Username") || Says(text, "Permission denied") =>
                ("git-denied", "It refuses us. Give the user that runs the controller a deploy key or a credential helper for it."),
            _ when Says(text, "does not appear to be a git repository") || Says(text, "not found") || Says(text, "does not exist") =>
                ("git-no-repository", "There is no repository there. Check the URL."),
            _ when Says(text, "dubious ownership") => ("git-denied", "It belongs to another user. Run `git config --global --add safe.directory PATH` as the user that runs the controller."),
            _ => ("git-unreachable", "It cannot be reached from the controller. Check the URL, and that its host is up."),
        };
        return new Resolution.NotFound(new Failure(code, $"{Shown(git)}: {reason}") { Log = lines });
    }

    private static bool Says(string text, string words) => text.Contains(words, StringComparison.OrdinalIgnoreCase);

    private static string Shown(string git) => GitUrl.WithoutCredentials(git);

    private static Resolution.NotFound Failed(string code, string reason) => new(new Failure(code, reason));
}
