using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Tests.Support;
using OpenCluster.Decisions.Conducting;

namespace OpenCluster.Controller.Tests.Conducting;

public sealed class AsideTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_report_that_cannot_be_decided_is_set_aside_and_told_while_its_server_counts_as_alive_and_the_others_are_heard()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        controller.Fault = happened => ThrowIf(happened is ClusterEvent.ServerReported { Report.ServerId: "srv-2" });
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);
        await using var good = await controller.AgentAsync("web1");
        await using var bad = await controller.AgentAsync("web2");

        var status = await Waiting.ForAsync("both alive, one set aside", () => controller.Admin.StatusAsync(Ct), s => s.Aside.Length == 1 && s.Servers.All(v => v.Health == "alive"), Ct);

        Assert.Equal(("report/srv-2", 1), (status.Aside[0].Source, status.Aside[0].Times));
        Assert.Equal("InvalidOperationException: The test says so.", status.Aside[0].Error);
        Assert.False(status.Healthy);
        Assert.Contains("report/web2", status.Sentence, StringComparison.Ordinal);
        Assert.Contains(await controller.Admin.AuditAsync(Ct), entry => entry.What == "set aside report/srv-2" && entry.Why.Contains("The test says so.", StringComparison.Ordinal));
        Assert.False(controller.Working.IsCompleted);
    }

    [Fact]
    public async Task What_was_set_aside_is_known_after_a_restart_and_forgotten_when_its_source_is_understood_again()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        controller.Fault = happened => ThrowIf(happened is ClusterEvent.ServerReported { Report.ServerId: "srv-2" });
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);
        await using (await controller.AgentAsync("web2"))
            await Waiting.ForAsync("set aside", () => controller.Admin.StatusAsync(Ct), s => s.Aside.Length == 1, Ct);

        await controller.StopAsync();
        await controller.StartAgainAsync();
        Assert.Equal("report/srv-2", Assert.Single((await controller.Admin.StatusAsync(Ct)).Aside).Source);

        controller.Fault = null;
        await using var mended = await controller.AgentAsync("web2");
        await Waiting.ForAsync("forgotten", () => controller.Admin.StatusAsync(Ct), s => s.Aside.IsEmpty && s.Servers.Any(v => v is { Name: "web2", Health: "alive" }), Ct);
    }

    [Fact]
    public async Task A_change_that_cannot_be_decided_is_refused_with_the_error_and_the_next_one_is_made()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);
        controller.Fault = happened => ThrowIf(happened is ClusterEvent.Changed);
        var refused = await Assert.ThrowsAsync<ProblemException>(() => controller.Admin.ScaleAsync("hello", "default", new ScaleRequest(7), Ct));
        Assert.Equal(("set-aside", 500), (refused.Problem.Code, refused.Problem.Status));
        Assert.Contains("The test says so.", refused.Problem.Detail, StringComparison.Ordinal);

        controller.Fault = null;
        Assert.Equal(7, (await controller.Admin.ScaleAsync("hello", "default", new ScaleRequest(7), Ct)).Zones[0].Wanted);
        Assert.Empty((await controller.Admin.StatusAsync(Ct)).Aside);
    }

    [Fact]
    public async Task A_service_whose_stored_state_cannot_be_decided_about_stays_as_it_is_while_the_others_go_on_until_it_is_mended()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers + "\n  other: {role: webserver, run: sleep 1000, roll-out: {watch: 100ms}}" }, Ct);
        await using var web1 = await controller.AgentAsync("web1");
        await using var web2 = await controller.AgentAsync("web2");
        await Waiting.ForAsync("both run", () => controller.Admin.StatusAsync(Ct), s => s.Healthy, Ct);
        await controller.StopAsync();
        var sound = await controller.RewriteAsync("deployment/hello-default-1", json =>
            json.Replace("\"phase\":\"Done\"", "\"phase\":\"Rolling\"", StringComparison.Ordinal).Replace("\"releaseId\":\"svc-1.r1\"", "\"releaseId\":\"svc-1.r99\"", StringComparison.Ordinal));

        // Twice, for the second start is the one that must not end like the first.
        for (var start = 1; start <= 2; start++)
        {
            await controller.StartAgainAsync();
            var status = await Waiting.ForAsync("told", () => controller.Admin.StatusAsync(Ct), s => s.Aside is [{ Times: var times }] && times == start, Ct);
            Assert.Contains("service/hello in default", status.Sentence, StringComparison.Ordinal);
            Assert.Contains("svc-1.r99, which does not exist", status.Aside[0].Error, StringComparison.Ordinal);
            Assert.Equal(2 + start, (await controller.Admin.ScaleAsync("other", "default", new ScaleRequest(2 + start), Ct)).Zones[0].Wanted);
            Assert.Equal(4 + start, (await controller.Admin.ScaleAsync("hello", "default", new ScaleRequest(4 + start), Ct)).Zones[0].Wanted);
            await Waiting.ForAsync("the other service grows", () => controller.Admin.ServicesAsync(Ct), s => s.Single(v => v.Name == "other").Zones[0].Ready == 2 + start, Ct);
            await controller.StopAsync();
        }

        await controller.RewriteAsync("deployment/hello-default-1", _ => sound);
        await controller.StartAgainAsync();
        await Waiting.ForAsync("healthy", () => controller.Admin.StatusAsync(Ct), s => s.Healthy && s.Aside.IsEmpty, Ct);
    }

    [Fact]
    public async Task A_state_that_cannot_be_decided_about_without_any_event_ends_the_controller_with_the_error()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        controller.Fault = happened => ThrowIf(happened is ClusterEvent.TimePassed);
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);

        var ended = await Assert.ThrowsAsync<InvalidOperationException>(() => controller.Working.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Ct));
        Assert.Contains("The test says so.", ended.Message, StringComparison.Ordinal);
    }

    private static void ThrowIf(bool condition)
    {
        if (condition) throw new InvalidOperationException("The test says so.");
    }
}
