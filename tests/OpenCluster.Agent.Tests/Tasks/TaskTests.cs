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
