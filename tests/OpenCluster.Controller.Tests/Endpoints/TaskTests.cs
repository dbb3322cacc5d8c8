using System.IO.Pipelines;
using System.Text;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Tests.Support;

namespace OpenCluster.Controller.Tests.Endpoints;

public sealed class TaskTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Logs_and_commands_come_from_the_agent_of_the_instances_server()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        await using var one = await controller.AgentAsync("web1");
        await using var two = await controller.AgentAsync("web2");
        var instance = await ReadyInstance(controller);

        Assert.Equal($"Logs of {instance}\n", await Read(await controller.Admin.LogsAsync(instance, 10, follow: false, Ct)));
        Assert.Equal($"Exec of {instance}\n", await Read(await controller.Admin.ExecAsync(instance, new ExecRequest(["id", "-u"]), Ct)));
        Assert.Contains(await controller.Admin.AuditAsync(Ct), entry => entry.What == $"exec id at {instance}");
    }

    [Fact]
    public async Task A_reader_that_goes_ends_an_endless_log_at_the_agent()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        await using var one = await controller.AgentAsync("web1");
        await using var two = await controller.AgentAsync("web2");
        var instance = await ReadyInstance(controller);
        var endless = new EndlessStream(long.MaxValue);
        one.Answer = two.Answer = _ => endless;

        await using (var log = await controller.Admin.LogsAsync(instance, 10, follow: true, Ct)) Assert.NotEqual(0, await log.ReadAsync(new byte[1000], Ct));

        using var http = controller.Http(controller.AdminToken);
        await Waiting.ForAsync("no task under way", () => http.GetStringAsync(ApiRoutes.Metrics, Ct), text => text.Contains("opencluster_controller_tasks 0\n", StringComparison.Ordinal), Ct);
        one.Answer = two.Answer = _ => new MemoryStream("again"u8.ToArray());
        Assert.Equal("again", await Read(await controller.Admin.LogsAsync(instance, 10, follow: false, Ct)));
    }

    [Fact]
    public async Task A_reader_that_goes_is_told_to_the_agent_of_a_silent_log_at_once()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        await using var one = await controller.AgentAsync("web1");
        await using var two = await controller.AgentAsync("web2");
        var instance = await ReadyInstance(controller);
        var asked = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var silent = new Pipe();
        await silent.Writer.WriteAsync("the last word\n"u8.ToArray(), Ct);
        one.Answer = two.Answer = task =>
        {
            asked.TrySetResult(task.Id);
            return silent.Reader.AsStream();
        };

        await using (var log = await controller.Admin.LogsAsync(instance, 10, follow: true, Ct)) Assert.NotEqual(0, await log.ReadAsync(new byte[1000], Ct));

        var id = await asked.Task.WaitAsync(Ct);
        await Waiting.ForAsync("the cancel", () => Task.FromResult(one.Cancelled.Concat(two.Cancelled).ToList()), cancelled => cancelled.Contains(id), Ct);
        await silent.Writer.CompleteAsync();
    }

    [Fact]
    public async Task Logs_of_a_server_without_its_agent_say_so()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        string instance;
        await using (await controller.AgentAsync("web1"))
        await using (await controller.AgentAsync("web2"))
            instance = await ReadyInstance(controller);

        var away = await Waiting.ForAsync(
            "the agents away",
            async () => (await Record.ExceptionAsync(() => controller.Admin.LogsAsync(instance, 10, follow: false, Ct)) as ProblemException)?.Problem.Code,
            code => code == "agent-away",
            Ct);

        Assert.Equal("agent-away", away);
    }

    [Fact]
    public async Task An_instance_that_is_not_there_is_a_problem_with_what_was_meant()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        await using var one = await controller.AgentAsync("web1");
        await using var two = await controller.AgentAsync("web2");
        var instance = await ReadyInstance(controller);

        var refused = await Assert.ThrowsAsync<ProblemException>(() => controller.Admin.LogsAsync(instance.Replace("hello", "helo", StringComparison.Ordinal), 10, false, Ct));

        Assert.Equal(("not-found", 404), (refused.Problem.Code, refused.Problem.Status));
        Assert.Contains("Did you mean \"hello-", refused.Problem.Instead, StringComparison.Ordinal);
    }

    private static async Task<string> ReadyInstance(TestController controller)
    {
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);
        await Waiting.ForAsync("all ready", () => controller.Admin.StatusAsync(Ct), s => s.Healthy, Ct);
        return (await controller.Admin.InstancesAsync("hello", Ct))[0].Id;
    }

    private static async Task<string> Read(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(Ct);
    }
}
