using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Tests.Fakes;
using OpenCluster.Api.Views;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Tests.Secrets;

public sealed class SecretFilesTests
{
    private const string Loop = "stat -c 'mode %a owner %u' $OPENCLUSTER_SECRETS/password; trap 'echo told $(cat $OPENCLUSTER_SECRETS/password | wc -c)' HUP; echo starts; while :; do sleep 0.1; done";

    [Fact]
    public async Task Values_come_as_files_in_memory_for_the_services_user_alone_and_go_with_the_instance()
    {
        await using var agent = new TestAgent().Start();
        agent.Controller.Secrets = [Value(1, "one")];
        agent.Assign(Order(1));
        var status = await agent.ReachAsync(InstancePhase.Ready);
        await TestAgent.UntilAsync(() => agent.LogOf().Contains("starts", StringComparison.Ordinal), "it runs");

        var directory = ProcFs.Variable(status.Pid, "OPENCLUSTER_SECRETS")!;
        Assert.Equal("one", await File.ReadAllTextAsync(Path.Combine(directory, "password"), TestContext.Current.CancellationToken));
        Assert.Contains($"mode 400 owner {ProcFs.User(status.Pid)}", agent.LogOf(), StringComparison.Ordinal);
        Assert.Contains(File.ReadLines("/proc/self/mounts"), l => l.Split(' ') is [_, var at, "tmpfs", ..] && directory.StartsWith(at + "/", StringComparison.Ordinal));
        Assert.DoesNotContain(File.ReadAllText($"/proc/{status.Pid}/environ"), "=one", StringComparison.Ordinal);
        Assert.StartsWith("0", File.ReadLines($"/proc/{status.Pid}/limits").Single(l => l.StartsWith("Max core", StringComparison.Ordinal)).Split("size", StringSplitOptions.TrimEntries)[1], StringComparison.Ordinal);

        agent.Assign(a => a);
        await TestAgent.UntilAsync(() => !Directory.Exists(directory), "its files go with it");
    }

    [Fact]
    public async Task A_service_that_wants_to_be_told_gets_SIGHUP_once_when_the_file_has_changed()
    {
        await using var agent = new TestAgent().Start();
        agent.Controller.Secrets = [Value(1, "one")];
        agent.Assign(Order(1));
        var first = await agent.ReachAsync(InstancePhase.Ready);
        await TestAgent.UntilAsync(() => agent.LogOf().Contains("starts", StringComparison.Ordinal), "it runs");
        agent.Controller.Secrets = [Value(2, "three")];
        agent.Assign(Order(2));

        await TestAgent.UntilAsync(() => agent.LogOf().Contains("told 5", StringComparison.Ordinal), "it is told");
        agent.Assign(Order(2));
        await agent.RestartAsync();
        var after = await agent.ReachAsync(InstancePhase.Ready);
        Assert.Equal((first.Pid, 1), (after.Pid, agent.LogOf().Split("told").Length - 1));
    }

    [Fact]
    public async Task Without_a_controller_it_waits_and_starts_when_the_values_can_be_had()
    {
        await using var agent = new TestAgent().Start();
        agent.Controller.Secrets = [];
        agent.Assign(Order(1));
        var waiting = await agent.ReachAsync(InstancePhase.BackingOff);
        Assert.Equal("secret-unreadable", waiting.Failure!.Code);
        Assert.Contains("secret set password", waiting.Failure.Reason, StringComparison.Ordinal);

        agent.Controller.Secrets = [Value(1, "one")];
        await agent.ReachAsync(InstancePhase.Ready);
    }

    private static SecretValueView Value(int version, string text) => new("secret-1", version, System.Text.Encoding.UTF8.GetBytes(text));

    private static InstanceOrder Order(int version) =>
        TestAgent.Order(TestAgent.Sleeper(Loop) with { OnNewSecret = NewSecret.Signal, Restart = new RestartRule { First = TimeSpan.FromMilliseconds(100) } }) with { Secrets = [new SecretRef("secret-1", "password", version)] };
}
