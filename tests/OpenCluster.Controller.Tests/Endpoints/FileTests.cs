using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Tests.Support;

namespace OpenCluster.Controller.Tests.Endpoints;

public sealed class FileTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;
    private static readonly FileRequest Two = new() { Text = Cluster.TwoServers, Why = "first" };

    [Fact]
    public async Task A_plan_says_what_would_be_and_changes_nothing()
    {
        await using var controller = await TestController.StartAsync();

        var plan = await controller.Admin.PlanAsync(Two, Ct);

        Assert.False(plan.Empty);
        Assert.Contains(plan.Changes, c => c is { Sign: "+", Subject: "server/web1" });
        Assert.Contains(plan.Changes, c => c is { Sign: "+", Subject: "service/hello" });
        Assert.Empty(await controller.Admin.HistoryAsync(Ct));
        Assert.Empty(await controller.Admin.ServersAsync(Ct));
    }

    [Fact]
    public async Task Applying_makes_the_objects_keeps_the_version_and_is_empty_the_second_time()
    {
        await using var controller = await TestController.StartAsync();

        var applied = await controller.Admin.ApplyAsync(Two, Ct);
        var again = await controller.Admin.ApplyAsync(Two, Ct);

        Assert.Equal((1, 1), (applied.Version, again.Version));
        Assert.True(again.Plan.Empty);
        Assert.Equal(["web1", "web2"], (await controller.Admin.ServersAsync(Ct)).Select(s => s.Name));
        var version = Assert.Single(await controller.Admin.HistoryAsync(Ct));
        Assert.Equal((1, "admin", "first", true), (version.Version, version.By, version.Why, version.Current));
        Assert.Contains("+ server web1", version.Changes);
    }

    [Fact]
    public async Task All_errors_of_a_file_come_at_once_with_their_places()
    {
        await using var controller = await TestController.StartAsync();

        var refused = await Assert.ThrowsAsync<ProblemException>(() => controller.Admin.ApplyAsync(
            new FileRequest { FileName = "my.yaml", Text = Cluster.TwoServers.Replace("instances: 2", "instnces: 2", StringComparison.Ordinal).Replace("role: webserver", "role: webservr", StringComparison.Ordinal) }, Ct));

        Assert.Equal(("file-invalid", 422), (refused.Problem.Code, refused.Problem.Status));
        Assert.NotEmpty(refused.Problem.Errors);
        Assert.All(refused.Problem.Errors, e => Assert.StartsWith("my.yaml:", e, StringComparison.Ordinal));
        Assert.Contains(refused.Problem.Errors, e => e.Contains("instnces", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_apply_is_refused_when_another_version_was_applied_meanwhile()
    {
        await using var controller = await TestController.StartAsync();
        await controller.Admin.ApplyAsync(Two, Ct);

        var refused = await Assert.ThrowsAsync<ProblemException>(() => controller.Admin.ApplyAsync(Two with { ExpectedVersion = 0 }, Ct));

        Assert.Equal(("changed-meanwhile", 409), (refused.Problem.Code, refused.Problem.Status));
    }

    [Fact]
    public async Task Undo_goes_back_one_version_at_a_time_and_a_rename_keeps_the_object()
    {
        await using var controller = await TestController.StartAsync();
        await controller.Admin.ApplyAsync(Two, Ct);
        var id = (await controller.Admin.ServersAsync(Ct)).Single(s => s.Name == "web2").Id;
        await controller.Admin.ApplyAsync(Two with { Text = Cluster.TwoServers.Replace("web2: {", "www2: {renamed-from: web2, ", StringComparison.Ordinal) }, Ct);
        await controller.Admin.ApplyAsync(Two with { Text = Cluster.TwoServers.Replace("web2: {", "www2: {", StringComparison.Ordinal).Replace("instances: 2", "instances: 1", StringComparison.Ordinal) }, Ct);
        Assert.Equal(id, (await controller.Admin.ServersAsync(Ct)).Single(s => s.Name == "www2").Id);

        var first = await controller.Admin.UndoAsync(new UndoRequest("too few"), Ct);
        Assert.Equal((4, "www2", 2), (first.Version, (await controller.Admin.ServersAsync(Ct)).Single(s => s.Id == id).Name, await Wanted(controller)));

        var second = await controller.Admin.UndoAsync(new UndoRequest(), Ct);
        Assert.Equal((5, "web2"), (second.Version, (await controller.Admin.ServersAsync(Ct)).Single(s => s.Id == id).Name));

        var refused = await Assert.ThrowsAsync<ProblemException>(() => controller.Admin.UndoAsync(new UndoRequest(), Ct));
        Assert.Equal("nothing-to-undo", refused.Problem.Code);
    }

    [Fact]
    public async Task What_was_scaled_by_hand_shows_as_drift_and_stays_until_the_file_says_otherwise()
    {
        await using var controller = await TestController.StartAsync();
        await controller.Admin.ApplyAsync(Two, Ct);

        await controller.Admin.ScaleAsync("hello", "default", new ScaleRequest(4, "sale"), Ct);

        Assert.Equal(4, await Wanted(controller));
        var plan = await controller.Admin.PlanAsync(Two, Ct);
        Assert.Equal(1, plan.Version);
        Assert.Contains("was 2, is now 4; kept", Assert.Single(plan.Drift).Text, StringComparison.Ordinal);
        await controller.Admin.ApplyAsync(Two with { TakeFile = true }, Ct);
        Assert.Equal(2, await Wanted(controller));
    }

    [Fact]
    public async Task Everything_is_there_again_after_a_restart()
    {
        await using var controller = await TestController.StartAsync();
        await controller.Admin.ApplyAsync(Two, Ct);
        await controller.Admin.PauseAsync(new PauseRequest("service/hello", true, "night"), Ct);
        var servers = (await controller.Admin.ServersAsync(Ct)).Select(s => (s.Id, s.Name)).ToList();

        await controller.StopAsync();
        await controller.StartAgainAsync();

        Assert.Equal(servers, (await controller.Admin.ServersAsync(Ct)).Select(s => (s.Id, s.Name)));
        var status = await controller.Admin.StatusAsync(Ct);
        Assert.Equal((1, "service/hello", "night"), (status.FileVersion, Assert.Single(status.Pauses).Scope, status.Pauses[0].Why));
        Assert.True((await controller.Admin.PlanAsync(Two, Ct)).Empty);
    }

    [Fact]
    public async Task The_audit_trail_says_who_did_what_from_where_and_what_it_was_before()
    {
        await using var controller = await TestController.StartAsync();
        await controller.Admin.ApplyAsync(Two, Ct);
        using var deployer = await controller.ClientAsync(TokenRole.Deploy);
        await deployer.ScaleAsync("hello", "default", new ScaleRequest(3, "sale"), Ct);

        var entry = (await controller.Admin.AuditAsync(Ct))[0];

        Assert.Equal(("test-deploy", "127.0.0.1", "scale hello in default to 3", "sale"), (entry.By, entry.From, entry.What, entry.Why));
        Assert.Contains("instances: 2", entry.Before!, StringComparison.Ordinal);
        Assert.Contains("instances: 3", entry.After!, StringComparison.Ordinal);
    }

    private static async Task<int> Wanted(TestController controller) => (await controller.Admin.ServicesAsync(Ct)).Single().Zones.Single().Wanted;
}
