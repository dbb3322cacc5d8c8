using System.Text.Json.Nodes;
using OpenCluster.Agent.LocalApi;
using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Tests.Fakes;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Tests.Instances;

/// <summary>The agent goes and comes back; what it cares for neither notices nor doubles.</summary>
public sealed class AdoptionTests
{
    [Fact]
    public async Task Running_instance_is_found_again_after_an_agent_restart_and_goes_on()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Http()));
        var before = await agent.ReachAsync(InstancePhase.Ready);
        agent.Controller.Away = true;
        await agent.RestartAsync();
        agent.Controller.Away = false;
        var after = await agent.ReachAsync(InstancePhase.Ready, and: _ => agent.Controller.Last!.Sequence < 5);
        Assert.Equal(before.Pid, after.Pid);
        Assert.Equal(1, agent.Leaders());

        // It is watched, though it is not this agent's child.
        _ = LibC.Kill(after.Pid, LibC.SigKill);
        await agent.ReachAsync(InstancePhase.Ready, and: i => i.Restarts == 1);
    }

    [Fact]
    public async Task Instance_that_died_while_the_agent_was_away_is_started_again_without_any_controller()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Http()));
        var before = await agent.ReachAsync(InstancePhase.Ready);
        await agent.EndAsync();
        _ = LibC.Kill(before.Pid, LibC.SigKill);
        await TestAgent.UntilAsync(() => agent.Marked() == 0, "it is dead");
        agent.Start();
        var after = await agent.ReachAsync(InstancePhase.Ready, and: i => i.Restarts == 1);
        Assert.Equal(before.Ports["http"], after.Ports["http"]);
    }

    [Fact]
    public async Task Process_started_in_the_moment_before_its_agent_died_is_found_by_its_mark()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Http()));
        var before = await agent.ReachAsync(InstancePhase.Ready);
        await agent.EndAsync();
        var path = Path.Combine(agent.Directory, "instances/api-1/instance.json");
        var record = JsonNode.Parse(File.ReadAllText(path))!;
        record["processes"] = new JsonObject();
        record["state"]!["phase"] = "Starting";
        record["state"]!["current"]!["known"] = false;
        File.WriteAllText(path, record.ToJsonString());
        agent.Start();
        var after = await agent.ReachAsync(InstancePhase.Ready, and: _ => agent.Controller.Last!.Sequence < 50);
        Assert.Equal(before.Pid, after.Pid);
        Assert.Equal(1, agent.Leaders());
    }

    [Fact]
    public async Task Half_done_stop_is_finished_after_an_agent_restart()
    {
        await using var agent = new TestAgent().Start();
        var spec = TestAgent.Sleeper("trap '' TERM; while :; do sleep 1; done") with { Stop = new StopRule { Grace = TimeSpan.FromSeconds(2) } };
        agent.Assign(TestAgent.Order(spec));
        await agent.ReachAsync(InstancePhase.Ready);
        agent.Assign(TestAgent.Order(spec, wanted: Wanted.Stop));
        await agent.ReachAsync(InstancePhase.Stopping);
        await agent.RestartAsync();
        await agent.ReachAsync(InstancePhase.Stopped);
        Assert.Equal(0, agent.Marked());
    }

    [Fact]
    public async Task Server_that_left_the_cluster_stops_everything_and_keeps_the_data()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Http() with { Persistent = ["uploads"] }));
        await agent.ReachAsync(InstancePhase.Ready);
        agent.Assign(a => a with { Removed = true });
        await agent.Controller.HearAsync(r => r.Instances.IsEmpty, "nothing runs");
        Assert.Equal(0, agent.Marked());
        Assert.True(Directory.Exists(Path.Combine(agent.Directory, "data/svc-1/uploads")));
    }

    [Fact]
    public async Task Instance_without_an_order_is_stopped()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Sleeper()), TestAgent.Order(TestAgent.Sleeper(), id: "api-2"));
        await agent.ReachAsync(InstancePhase.Ready);
        await agent.ReachAsync(InstancePhase.Ready, "api-2");
        agent.Assign(TestAgent.Order(TestAgent.Sleeper(), id: "api-2"));
        await agent.Controller.HearAsync(r => r.Instances.All(i => i.Id == "api-2"), "only api-2");
        Assert.Equal(1, agent.Leaders());
    }

    [Fact]
    public async Task Older_assignment_is_refused()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(a => a with { Revision = 10, Generation = "2", Instances = [TestAgent.Order(TestAgent.Sleeper())] });
        await agent.ReachAsync(InstancePhase.Ready);
        agent.Assign(a => a with { Revision = 9, Generation = "2" });
        agent.Assign(a => a with { Revision = 99, Generation = "1" });
        agent.Assign(a => a with { Revision = 11, Generation = "2", Instances = [TestAgent.Order(TestAgent.Sleeper())] });
        var report = await agent.Controller.HearAsync(r => r.Revision == 11, "revision 11");
        Assert.Equal(0, report.Instances.Single().Restarts);
        Assert.Equal(InstancePhase.Ready, report.Instances.Single().Phase);
    }

    [Fact]
    public async Task Second_agent_on_the_same_directory_is_refused_and_told_by_whom()
    {
        await using var agent = new TestAgent().Start();
        await TestAgent.UntilAsync(() => File.Exists(Path.Combine(agent.Directory, "agent.sock")), "it is up");
        var refused = await Assert.ThrowsAsync<AgentException>(() => AgentHost.RunAsync(agent.Options, agent.Controller, TimeProvider.System, CancellationToken.None, TextWriter.Null));
        Assert.Equal("directory-in-use", refused.Code);
        Assert.Contains($"pid {Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Held_instance_stays_down_until_let_go_and_stop_all_leaves_nothing()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Sleeper()));
        var status = await agent.ReachAsync(InstancePhase.Ready);
        await agent.AskAsync(LocalVerb.Hold, "api-1");
        _ = LibC.Kill(status.Pid, LibC.SigKill);
        await agent.ReachAsync(InstancePhase.Held);
        await agent.AskAsync(LocalVerb.Release, "api-1");
        await agent.ReachAsync(InstancePhase.Ready);
        await agent.AskAsync(LocalVerb.StopAll);
        await TestAgent.UntilAsync(() => agent.Marked() == 0 && !File.Exists(Path.Combine(agent.Directory, "agent.sock")), "agent and children have gone");
        var none = await Assert.ThrowsAsync<AgentException>(() => agent.AskAsync(LocalVerb.Instances));
        Assert.Equal("no-agent", none.Code);
    }
}
