using System.Security.Cryptography;
using System.Text;
using OpenCluster.Agent.Builds;
using OpenCluster.Agent.Instances;
using OpenCluster.Agent.Processes;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Git;

/// <summary>
/// Gets one commit of a repository into a directory, through a bare mirror that is kept per repository, by the system's git. It can neither
/// ask anybody nor run what a URL says, and is bounded in time and size; nothing of the repository is executed (no hooks, no filters).
/// <para>
/// The controller has a room of its own that only asks remotes for their branches; the two share no code, as they share no question.
/// </para>
/// </summary>
internal sealed class GitSource(string mirrors, TimeProvider time)
{
    /// <summary>Transports that are only transports; <c>ext::</c> would run a command.</summary>
    private const string Protocols = "file:git:http:https:ssh";
    private static readonly TimeSpan FetchTime = TimeSpan.FromMinutes(10);
    private const long FetchMemory = 2L << 30;
    private const int FetchProcesses = 64;
    private const int MaxSubject = 200;
    private const string SubjectEnding = ".subject";

    /// <summary>Null: <paramref name="target"/> holds the commit. Otherwise why not.</summary>
    public async Task<Failure?> CheckOutAsync(string url, string? commit, string? branch, string target, string log, long diskBytes, CancellationToken ct)
    {
        if (url.StartsWith('-') || commit?.StartsWith('-') == true || branch?.StartsWith('-') == true)
            return new Failure("source-failed", "a repository, branch or commit cannot begin with a hyphen");
        var mirror = Path.Combine(mirrors, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(url)))[..16] + ".git");
        var git = new Runner(mirrors, mirror, log, new RunLimits("fetching the source", "source", FetchTime, FetchMemory, FetchProcesses, diskBytes), time, ct);
        if (!File.Exists(Path.Combine(mirror, "HEAD")) && await git.RunAsync(target, "init", "--quiet", "--bare", mirror) is { } notMade) return notMade;

        var wanted = commit ?? $"refs/heads/{branch ?? "main"}";
        if (commit is null || !await git.HasAsync(target, commit))
        {
            // By name first: one commit. Servers that do not give commits by name give all their branches.
            var failed = await git.RunAsync(target, "fetch", "--quiet", "--no-tags", "--force", "--depth=1", url, $"{wanted}:refs/opencluster/wanted");
            if (failed is { Code: "source-failed" } && commit is not null)
                failed = await git.RunAsync(target, "fetch", "--quiet", "--no-tags", "--force", url, "+refs/heads/*:refs/opencluster/heads/*");
            if (failed is not null)
            {
                // What came before the limit was passed must not be counted again, nor fill the disk.
                if (failed.Code is "source-disk") Directory.Delete(mirror, recursive: true);
                return Explained(failed, url);
            }
        }
        var tree = commit ?? "refs/opencluster/wanted";
        if (await git.RunAsync(target, "read-tree", tree) is { } absent)
            return new Failure("no-such-commit", $"the repository {Shown(url)} has no commit {tree}; was it pushed?") { Log = absent.Log };
        if (await git.RunAsync(target, "checkout-index", "--all", "--force") is { } notOut) return notOut;
        // Nice to know, and no reason to fail.
        await git.TellSubjectAsync(target, tree);
        return null;
    }

    /// <summary>First line of the message of the commit that was checked out with this log; empty when it could not be read.</summary>
    public static string Subject(string log)
    {
        if (!File.Exists(log + SubjectEnding)) return "";
        var line = string.Concat((File.ReadLines(log + SubjectEnding).FirstOrDefault() ?? "").Where(c => !char.IsControl(c))).Trim();
        return line.Length <= MaxSubject ? line : line[..MaxSubject];
    }

    private static Failure Explained(Failure failure, string url) => failure with
    {
        Reason = failure.Code is "source-failed"
            ? $"the repository {Shown(url)} could not be fetched; the lines below are git's"
            : $"{Shown(url)}: {failure.Reason}",
        // Where a limit ended it, git's last words only tell of that end.
        Log = failure.Code is not "source-failed" ? [] : [.. failure.Log.Select(line => line.Replace(url, Shown(url), StringComparison.Ordinal))],
    };

    // A password in a URL is refused when the file is read; should one come by another way, it is not shown.
    private static string Shown(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.UserInfo.Length > 0 ? url.Replace(uri.UserInfo + "@", "", StringComparison.Ordinal) : url;

    private sealed class Runner(string home, string mirror, string log, RunLimits limits, TimeProvider time, CancellationToken ct)
    {
        /// <summary>Asked aside: that a commit is not there yet is no news for the build's log.</summary>
        public async Task<bool> HasAsync(string target, string commit) =>
            await RunAsync(target, log + ".asked", ["cat-file", "-e", commit + "^{commit}"]) is null;

        public Task<Failure?> TellSubjectAsync(string target, string commit) => RunAsync(target, log + SubjectEnding, ["log", "-1", "--format=%s", commit, "--"]);

        public Task<Failure?> RunAsync(string target, params string[] arguments) => RunAsync(target, log, arguments);

        private Task<Failure?> RunAsync(string target, string said, string[] arguments)
        {
            // A file of its own instead of the user's: repositories of other users on this machine may be read, nothing else is configured.
            var config = Path.Combine(home, "config");
            if (!File.Exists(config)) File.WriteAllText(config, "[safe]\n\tdirectory = *\n[gc]\n\tauto = 0\n[core]\n\thooksPath = /dev/null\n");
            var environment = InstanceEnvironment.Basics(home);
            environment["GIT_CONFIG_GLOBAL"] = config;
            environment["GIT_CONFIG_NOSYSTEM"] = "1";
            environment["GIT_TERMINAL_PROMPT"] = "0";
            environment["GIT_ASKPASS"] = environment["SSH_ASKPASS"] = "/bin/false";
            environment["GIT_ALLOW_PROTOCOL"] = Protocols;
            environment["GIT_SSH_COMMAND"] = "ssh -oBatchMode=yes -oConnectTimeout=10";
            environment["GIT_INDEX_FILE"] = log + ".index";
            environment["LC_ALL"] = "C";
            if (arguments[0] is not "init")
            {
                environment["GIT_DIR"] = mirror;
                environment["GIT_WORK_TREE"] = target;
            }
            var launch = new Launch { Command = ["git", .. arguments], Environment = environment, Directory = target, Log = said };
            return new LimitedRun(time).RunAsync(launch, limits, [mirror, target], ct);
        }
    }
}
