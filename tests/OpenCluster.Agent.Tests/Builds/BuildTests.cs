using System.Diagnostics;
using System.Security.Cryptography;
using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Tests.Fakes;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Tests.Builds;

public sealed class BuildTests : IDisposable
{
    private readonly string _repository = Directory.CreateTempSubdirectory("oc-repository-").FullName;

    public void Dispose() => Directory.Delete(_repository, recursive: true);

    private string Git(params string[] arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["-C", _repository, "-c", "user.name=t", "-c", "user.email=t@example.org", .. arguments]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
        return output.Trim();
    }

    private string Commit(string says)
    {
        if (!Directory.Exists(Path.Combine(_repository, ".git"))) Git("init", "-q", "-b", "main");
        File.WriteAllText(Path.Combine(_repository, "index.html"), says);
        Git("add", "-A");
        Git("commit", "-qm", says);
        return Git("rev-parse", "HEAD");
    }

    private BuildOrder Order(string? commit, Build? build, string id = "svc-1.r1") =>
        new() { ReleaseId = id, ServiceId = "svc-1", Service = "api", Git = "file://" + _repository, Commit = commit, Branch = "main", Build = build };

    private static async Task<BuildStatus> EndAsync(TestAgent agent, string id = "svc-1.r1")
    {
        var report = await agent.Controller.HearAsync(r => r.Builds.Any(b => b.ReleaseId == id && b.Phase is BuildPhase.Done or BuildPhase.Failed), $"{id} built");
        return report.Builds.First(b => b.ReleaseId == id);
    }

    private async Task<BuildStatus> BuildAsync(TestAgent agent, Build build)
    {
        agent.Start().Assign(a => a with { Builds = [Order(Commit("one"), build)] });
        return await EndAsync(agent);
    }

    private static int Running(string mark) => ProcFs.All().Count(p => File.Exists($"/proc/{p.Pid}/cmdline") && ReadCommand(p.Pid).Contains(mark, StringComparison.Ordinal));

    private static string ReadCommand(int pid)
    {
        try { return File.ReadAllText($"/proc/{pid}/cmdline"); }
        catch (IOException) { return ""; }
    }

    [Fact]
    public async Task Commit_is_built_packed_uploaded_and_can_then_be_run()
    {
        await using var agent = new TestAgent();
        var built = await BuildAsync(agent, new Build { Run = "sed -i s/one/built/ index.html && test ! -e .git && test \"$(id -u)\" != 0 || test \"$(id -u)\" = \"$(stat -c %u .)\"" });
        Assert.Equal(BuildPhase.Done, built.Phase);
        var archive = agent.Controller.Archives["svc-1.r1"];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(archive)), built.Digest);
        Assert.Equal(archive.Length, built.SizeBytes);
        agent.Assign(TestAgent.Order(TestAgent.Http(), release: new ReleaseRef("svc-1.r1", 1, built.Digest, built.SizeBytes, null)));
        var status = await agent.ReachAsync(InstancePhase.Ready);
        using var http = new HttpClient();
        Assert.Equal("built", await http.GetStringAsync($"http://127.0.0.1:{status.Ports["http"]}/index.html", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Same_commit_built_twice_gives_the_same_bytes_and_an_older_one_is_found_again()
    {
        await using var agent = new TestAgent();
        var one = Commit("one");
        var two = Commit("two");
        var build = new Build { Run = "true" };
        agent.Start().Assign(a => a with { Builds = [Order(two, build, "svc-1.r1"), Order(one, build, "svc-1.r2"), Order(two, build, "svc-1.r3")] });
        var digests = new[] { await EndAsync(agent, "svc-1.r1"), await EndAsync(agent, "svc-1.r2"), await EndAsync(agent, "svc-1.r3") }.Select(b => b.Digest).ToList();
        Assert.Equal(digests[0], digests[2]);
        Assert.NotEqual(digests[0], digests[1]);
    }

    [Fact]
    public async Task Failing_build_says_its_code_and_last_words()
    {
        await using var agent = new TestAgent();
        var built = await BuildAsync(agent, new Build { Run = "echo cannot find libfoo; exit 7" });
        Assert.Equal("build-failed", built.Failure!.Code);
        Assert.Contains("exited with code 7", built.Failure.Reason, StringComparison.Ordinal);
        Assert.Equal("cannot find libfoo", built.Failure.Log[^1]);
    }

    [Fact]
    public async Task Build_that_never_ends_is_stopped_at_its_time_limit_with_all_it_started()
    {
        await using var agent = new TestAgent();
        var built = await BuildAsync(agent, new Build { Run = "setsid sleep 98701 & trap '' TERM; sleep 98701; sleep 98701", TimeLimit = TimeSpan.FromSeconds(1) });
        Assert.Equal("build-timeout", built.Failure!.Code);
        Assert.Equal(0, Running("98701"));
    }

    [Fact]
    public async Task Build_that_forks_for_ever_is_stopped_whole_and_says_why()
    {
        if (LibC.EffectiveUser() != 0) Assert.Skip("needs root");
        await using var agent = new TestAgent();
        var built = await BuildAsync(agent, new Build { Run = "f() { sleep 98702 & f & f; }; f", Processes = 64, TimeLimit = TimeSpan.FromSeconds(15) });
        Assert.Equal("build-processes", built.Failure!.Code);
        Assert.StartsWith("the build used more than 64 processes and was stopped", built.Failure.Reason, StringComparison.Ordinal);
        Assert.Equal(0, Running("98702"));
    }

    [Fact]
    public async Task Build_that_fills_the_disk_is_stopped_by_one_file_or_by_many()
    {
        await using var agent = new TestAgent();
        var commit = Commit("one");
        var limit = 20L << 20;
        agent.Start().Assign(a => a with
        {
            Builds =
            [
                Order(commit, new Build { Run = "head -c 900000000 /dev/zero >large", DiskBytes = limit }, "svc-1.r1"),
                Order(commit, new Build { Run = "i=0; while :; do i=$((i+1)); head -c 1000000 /dev/zero >f$i; done", DiskBytes = limit }, "svc-1.r2"),
            ],
        });
        Assert.Equal("build-disk", (await EndAsync(agent, "svc-1.r1")).Failure!.Code);
        Assert.Equal("build-disk", (await EndAsync(agent, "svc-1.r2")).Failure!.Code);
        await TestAgent.UntilAsync(() => !Directory.EnumerateFileSystemEntries(Path.Combine(agent.Directory, "builds")).Any(), "the builds' rooms are gone");
    }

    [Fact]
    public async Task Build_that_takes_too_much_memory_is_stopped()
    {
        await using var agent = new TestAgent();
        var built = await BuildAsync(agent, new Build { Run = "python3 -c 'x=b\"1\"*200_000_000; import time; time.sleep(100)'", MemoryBytes = 64 << 20 });
        Assert.Equal("build-memory", built.Failure!.Code);
    }

    [Fact]
    public async Task Repository_that_is_away_empty_or_lacks_the_commit_gives_a_clear_reason()
    {
        await using var agent = new TestAgent();
        Commit("one");
        var empty = Directory.CreateTempSubdirectory("oc-empty-").FullName;
        Process.Start("git", ["-C", empty, "init", "-q"]).WaitForExit();
        agent.Start().Assign(a => a with
        {
            Builds =
            [
                Order(null, null, "svc-1.r1") with { Git = "file:///nowhere/at/all" },
                Order(null, null, "svc-1.r2") with { Git = "file://" + empty },
                Order(new string('a', 40), null, "svc-1.r3"),
                Order(null, null, "svc-1.r4") with { Git = "ext::sh -c touch% /tmp/oc-owned" },
            ],
        });
        Assert.Contains("file:///nowhere/at/all could not be fetched", (await EndAsync(agent, "svc-1.r1")).Failure!.Reason, StringComparison.Ordinal);
        Assert.Contains("could not be fetched", (await EndAsync(agent, "svc-1.r2")).Failure!.Reason, StringComparison.Ordinal);
        Assert.NotNull((await EndAsync(agent, "svc-1.r3")).Failure);
        Assert.Contains((await EndAsync(agent, "svc-1.r4")).Failure!.Log, l => l.Contains("not allowed", StringComparison.Ordinal));
        Directory.Delete(empty, recursive: true);
    }

    [Fact]
    public async Task Huge_repository_is_given_up_at_the_disk_limit()
    {
        await using var agent = new TestAgent();
        Commit("one");
        File.WriteAllBytes(Path.Combine(_repository, "large"), RandomNumberGenerator.GetBytes(30 << 20));
        agent.Start().Assign(a => a with { Builds = [Order(Commit("two"), new Build { Run = "true", DiskBytes = 10 << 20 })] });
        Assert.Equal("source-disk", (await EndAsync(agent)).Failure!.Code);
    }

    [Fact]
    public async Task Link_in_the_source_lets_the_build_own_nothing_outside()
    {
        if (LibC.EffectiveUser() != 0) Assert.Skip("needs root");
        await using var agent = new TestAgent();
        var outside = Directory.CreateTempSubdirectory("oc-outside-").FullName;
        File.WriteAllText(Path.Combine(outside, "precious"), "x");
        Commit("one");
        File.CreateSymbolicLink(Path.Combine(_repository, "link"), outside);
        agent.Start().Assign(a => a with { Builds = [Order(Commit("two"), new Build { Run = "echo y >link/precious; ln -sf ../../precious ../release.tar.gz; exit 1" })] });
        var built = await EndAsync(agent);
        Assert.Equal("build-failed", built.Failure!.Code);
        Assert.Equal(2, built.Failure.Log.Count(l => l.Contains("denied", StringComparison.Ordinal)));
        Assert.Equal("x", File.ReadAllText(Path.Combine(outside, "precious")));
        Directory.Delete(outside, recursive: true);
    }

    [Fact]
    public async Task Uploaded_source_is_built_and_a_bad_one_refused()
    {
        await using var agent = new TestAgent();
        var source = TarGz.Of(TarGz.File("a.txt", "x"));
        var digest = Convert.ToHexStringLower(SHA256.HashData(source));
        var bad = TarGz.Of(TarGz.File("../a.txt", "x"));
        var badDigest = Convert.ToHexStringLower(SHA256.HashData(bad));
        agent.Controller.Sources[digest] = source;
        agent.Controller.Sources[badDigest] = bad;
        var order = Order(null, new Build { Run = "echo more >>a.txt" }) with { Git = null };
        agent.Start().Assign(a => a with { Builds = [order with { SourceDigest = digest }, order with { ReleaseId = "svc-1.r2", SourceDigest = badDigest }] });
        Assert.Equal(BuildPhase.Done, (await EndAsync(agent)).Phase);
        Assert.Equal("source-failed", (await EndAsync(agent, "svc-1.r2")).Failure!.Code);
    }

    [Fact]
    public async Task Build_whose_order_is_taken_back_is_stopped_and_one_interrupted_by_a_restart_is_started_anew()
    {
        await using var agent = new TestAgent();
        var order = Order(Commit("one"), new Build { Run = "sleep 98703" });
        agent.Start().Assign(a => a with { Builds = [order] });
        await TestAgent.UntilAsync(() => Running("98703") > 0, "it builds");
        await agent.RestartAsync();
        Assert.Equal(0, Running("98703"));
        agent.Assign(a => a with { Builds = [order] });
        await TestAgent.UntilAsync(() => Running("98703") > 0, "it builds again");
        agent.Assign(a => a);
        await TestAgent.UntilAsync(() => Running("98703") == 0, "it has been stopped");
    }
}
