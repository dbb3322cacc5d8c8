using System.Text;
using OpenCluster.Agent.Tests.Fakes;
using OpenCluster.Api.Requests;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Tests.Tasks;

public sealed class TaskTests
{
    private static string Output(TestAgent agent, string task)
    {
        if (!agent.Controller.Outputs.TryGetValue(task, out var heard)) return "";
        lock (heard) return Encoding.UTF8.GetString(heard.ToArray());
    }

    [Fact]
    public async Task Log_is_answered_with_its_last_lines_and_followed_as_it_grows()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Sleeper("for i in 1 2 3 4 5; do echo line $i; done; while read x; do :; done </dev/null; sleep 2; echo late; exec sleep 1000")));
        await agent.ReachAsync(InstancePhase.Ready);
        agent.Controller.Ask(new AgentTask { Id = "t1", InstanceId = "api-1", Lines = 2 });
        await TestAgent.UntilAsync(() => Output(agent, "t1").Length > 0, "an answer");
        Assert.StartsWith("line 4\nline 5\n", Output(agent, "t1"), StringComparison.Ordinal);
        agent.Controller.Ask(new AgentTask { Id = "t2", InstanceId = "api-1", Lines = 1, Follow = true });
        await TestAgent.UntilAsync(() => Output(agent, "t2").Contains("late\n", StringComparison.Ordinal), "what came later");
    }

    [Fact]
    public async Task Silent_logs_that_their_readers_left_free_their_places()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Sleeper("echo once; exec sleep 1000")));
        await agent.ReachAsync(InstancePhase.Ready);
        // As many as there are places, and more that wait for one.
        for (var i = 1; i <= 12; i++) agent.Controller.Ask(new AgentTask { Id = $"left-{i}", InstanceId = "api-1", Follow = true });
        await TestAgent.UntilAsync(() => Enumerable.Range(1, 12).Count(i => Output(agent, $"left-{i}").Length > 0) == 8, "all places taken");

        for (var i = 1; i <= 12; i++) agent.Controller.Ask(new AgentTask { Id = $"left-{i}", Kind = TaskKind.Cancel, InstanceId = "api-1" });
        agent.Controller.Ask(new AgentTask { Id = "next", InstanceId = "api-1" });

        await TestAgent.UntilAsync(() => Output(agent, "next").Length > 0, "an answer to the next one");
        Assert.Equal("once\n", Output(agent, "next"));
    }

    [Fact]
    public async Task Command_runs_beside_the_instance_in_its_environment_and_ends_with_its_code()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Sleeper()));
        await agent.ReachAsync(InstancePhase.Ready);
        agent.Controller.Ask(new AgentTask { Id = "t1", Kind = TaskKind.Exec, InstanceId = "api-1", Command = ["sh", "-c", "echo I am $OPENCLUSTER_INSTANCE; exit 5"] });
        await TestAgent.UntilAsync(() => Output(agent, "t1").Contains("exit ", StringComparison.Ordinal), "its end");
        Assert.Equal("I am api-1\nexit 5\n", Output(agent, "t1"));
        agent.Controller.Ask(new AgentTask { Id = "t2", InstanceId = "other-9" });
        await TestAgent.UntilAsync(() => Output(agent, "t2").Contains("no instance other-9", StringComparison.Ordinal), "a refusal");
    }
}
