using OpenCluster.Agent.Tests.Fakes;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Tests.Releases;

public sealed class ReleaseTests
{
    private static byte[] App(string says) => TarGz.Of(TarGz.File("index.html", says), TarGz.File("uploads/first", "shipped"));

    private static async Task<string> GetAsync(InstanceStatus status, string path = "")
    {
        using var http = new HttpClient();
        return await http.GetStringAsync($"http://127.0.0.1:{status.Ports["http"]}/{path}", TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Release_is_fetched_checked_and_run_in_its_directory()
    {
        await using var agent = new TestAgent();
        var archive = App("one");
        agent.Controller.Archives["svc-1.r1"] = archive;
        agent.Start().Assign(TestAgent.Order(TestAgent.Http(), release: TarGz.Release(archive)));
        Assert.Equal("one", await GetAsync(await agent.ReachAsync(InstancePhase.Ready), "index.html"));
    }

    [Fact]
    public async Task Archive_with_another_digest_is_refused_for_good()
    {
        await using var agent = new TestAgent();
        agent.Controller.Archives["svc-1.r1"] = App("other");
        agent.Start().Assign(TestAgent.Order(TestAgent.Http(), release: TarGz.Release(App("one"))));
        var status = await agent.ReachAsync(InstancePhase.Failed);
        Assert.Equal("bad-archive", status.Failure!.Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(agent.Directory, "releases")));
    }

    [Fact]
    public async Task Release_is_fetched_when_the_controller_is_back()
    {
        await using var agent = new TestAgent();
        var archive = App("one");
        agent.Start().Assign(TestAgent.Order(TestAgent.Http(), id: "other-1"));
        await agent.ReachAsync(InstancePhase.Ready, "other-1");
        agent.Controller.Away = true;
        agent.Controller.Archives["svc-1.r1"] = archive;
        agent.Assign(TestAgent.Order(TestAgent.Http(), release: TarGz.Release(archive)));
        await TestAgent.UntilAsync(() => agent.Log.ToString().Contains("BackingOff", StringComparison.Ordinal), "a fetch has failed");
        agent.Controller.Away = false;
        await agent.ReachAsync(InstancePhase.Ready);
    }

    [Fact]
    public async Task Persistent_directory_outlives_its_release_and_begins_with_what_was_shipped()
    {
        await using var agent = new TestAgent();
        var spec = TestAgent.Http("echo more >>uploads/first; exec python3 -m http.server --bind $HOST $PORT") with { Persistent = ["uploads"] };
        var (one, two) = (App("one"), App("two"));
        agent.Controller.Archives["svc-1.r1"] = one;
        agent.Controller.Archives["svc-1.r2"] = two;
        agent.Start().Assign(TestAgent.Order(spec, release: TarGz.Release(one)));
        await agent.ReachAsync(InstancePhase.Ready);
        agent.Assign(TestAgent.Order(spec, id: "api-2", release: TarGz.Release(two, 2)));
        var status = await agent.ReachAsync(InstancePhase.Ready, "api-2");
        Assert.Equal("two", await GetAsync(status, "index.html"));
        Assert.Equal("shippedmore\nmore\n", await GetAsync(status, "uploads/first"));
    }

    [Fact]
    public async Task Releases_that_nothing_names_are_deleted_and_those_to_keep_stay()
    {
        await using var agent = new TestAgent();
        var archives = Enumerable.Range(1, 3).Select(n => App($"{n}")).ToList();
        for (var n = 1; n <= 3; n++) agent.Controller.Archives[$"svc-1.r{n}"] = archives[n - 1];
        agent.Start();
        for (var n = 1; n <= 3; n++)
        {
            var order = TestAgent.Order(TestAgent.Http(), id: $"api-{n}", release: TarGz.Release(archives[n - 1], n));
            agent.Assign(a => a with { Instances = [order], KeepReleases = ["svc-1.r2"] });
            await agent.ReachAsync(InstancePhase.Ready, $"api-{n}");
            await agent.Controller.HearAsync(r => r.Instances.Length == 1, "the one before has gone");
        }
        agent.Assign(a => a with { Instances = [TestAgent.Order(TestAgent.Http(), id: "api-3", release: TarGz.Release(archives[2], 3))], KeepReleases = ["svc-1.r2"] });
        string[] Kept() => [.. Directory.EnumerateDirectories(Path.Combine(agent.Directory, "releases")).Select(d => Path.GetFileName(d)!).Order()];
        await TestAgent.UntilAsync(() => Kept() is ["svc-1.r2", "svc-1.r3"], "only r2 and r3 are kept");
    }

    [Fact]
    public async Task Script_runs_once_per_release_and_reports_its_exit_code()
    {
        await using var agent = new TestAgent();
        var archive = TarGz.Of(TarGz.File("do.sh", "echo did it; echo done >>$HOME/times; exit 4"));
        agent.Controller.Archives["svc-1.r1"] = archive;
        var script = new ScriptOrder
        {
            InstanceId = "setup-1",
            Service = "setup",
            Zone = "default",
            Location = "dc",
            Release = TarGz.Release(archive),
            Spec = TestAgent.Sleeper("sh do.sh"),
        };
        agent.Start().Assign(a => a with { Scripts = [script] });
        var status = await agent.ReachAsync(InstancePhase.Failed, "setup-1");
        Assert.Equal("script-failed", status.Failure!.Code);
        Assert.Equal(["did it"], status.Failure.Log);
        await agent.RestartAsync();
        await agent.Controller.HearAsync(r => r.Sequence < 3 && r.Instances.Length == 1, "after the restart");
        agent.Assign(a => a with { Scripts = [script] });
        await agent.Controller.HearAsync(r => r.Revision == 2, "the same order again");
        Assert.Equal("done\n", File.ReadAllText(Path.Combine(agent.Directory, "instances/setup-1/home/times")));
    }
}
