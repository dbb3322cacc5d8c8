using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Tests.Support;

namespace OpenCluster.Controller.Tests.Endpoints;

/// <summary>Real controller, real repository, agents that only say so.</summary>
public sealed class DeployTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_push_is_resolved_built_and_rolled_out_and_the_story_tells_it()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        var repository = await GitRepository.CreateAsync(Path.Combine(controller.Work, "hello"));
        var commit = await repository.CommitAsync("Say hello");
        await using var one = await controller.AgentAsync("web1");
        await using var two = await controller.AgentAsync("web2");

        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.FromGit(repository.Path) }, Ct);
        var first = await EndOf(controller, null);
        Assert.Equal(("done", 1, commit, "Say hello"), (first.Phase, first.Release, first.Commit, first.Message));

        var next = await repository.CommitAsync("Say hello twice");
        var asked = Assert.Single((await controller.Admin.DeployAsync(new DeployRequest { Service = "hello", Why = "new text" }, Ct)).Deployments);
        var second = await EndOf(controller, asked);

        Assert.Equal(("done", 2, next, "admin", "new text"), (second.Phase, second.Release, second.Commit, second.By, second.Why));
        var service = Assert.Single(await controller.Admin.ServicesAsync(Ct)).Zones[0];
        Assert.Equal((2, 2, 2), (service.Wanted, service.Ready, service.Release));
        Assert.Equal([2, 1], (await controller.Admin.ReleasesAsync("hello", Ct)).Select(r => r.Number));
        var events = await controller.Admin.EventsAsync(0, Ct).TakeUntilAsync(e => e.Text.Contains("elease 2", StringComparison.Ordinal) && e.Weight == "good", Ct);
        Assert.NotEmpty(events);
        Assert.Equal(events.Select(e => e.Id).Distinct().Order(), events.Select(e => e.Id));
    }

    [Fact]
    public async Task A_release_goes_back_when_told_to()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        var repository = await GitRepository.CreateAsync(Path.Combine(controller.Work, "hello"));
        await repository.CommitAsync("One");
        await using var one = await controller.AgentAsync("web1");
        await using var two = await controller.AgentAsync("web2");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.FromGit(repository.Path) }, Ct);
        await EndOf(controller, null);
        await repository.CommitAsync("Two");
        await EndOf(controller, (await controller.Admin.DeployAsync(new DeployRequest { Service = "hello" }, Ct)).Deployments[0]);

        var back = await controller.Admin.RollBackAsync(new RollBackRequest("hello", "default", Why: "ugly"), Ct);

        Assert.Equal(("done", 1), (await EndOf(controller, Assert.Single(back.Deployments))) is var ended ? (ended.Phase, ended.Release) : default);
    }

    [Fact]
    public async Task A_branch_that_does_not_exist_ends_the_deployment_with_its_reason()
    {
        await using var controller = await TestController.StartAsync("web1");
        var repository = await GitRepository.CreateAsync(Path.Combine(controller.Work, "hello"));
        await repository.CommitAsync("One");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.FromGit(repository.Path, "mian") }, Ct);

        var ended = await EndOf(controller, null);

        Assert.Equal(("failed", "git-no-branch"), (ended.Phase, ended.Failure!.Code));
        Assert.Contains("Did you mean \"main\"?", ended.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deployment_goes_on_when_the_controller_is_restarted_in_the_middle_of_it()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        var repository = await GitRepository.CreateAsync(Path.Combine(controller.Work, "hello"));
        await repository.CommitAsync("One");
        await using var one = await controller.AgentAsync("web1");
        one.MayBuild = false;
        await using var two = await controller.AgentAsync("web2");
        two.MayBuild = false;
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.FromGit(repository.Path) }, Ct);
        await Waiting.ForAsync("the build given out", () => controller.Admin.DeploymentsAsync("hello", Ct), all => all is [{ Phase: "building" }], Ct);

        await controller.StopAsync();
        one.MayBuild = two.MayBuild = true;
        await controller.StartAgainAsync();

        Assert.Equal("done", (await EndOf(controller, null)).Phase);
        Assert.Single(await controller.Admin.ReleasesAsync("hello", Ct));
    }

    [Fact]
    public async Task An_unchanged_assignment_is_not_sent_again()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        await using var one = await controller.AgentAsync("web1");
        await using var two = await controller.AgentAsync("web2");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);
        await Waiting.ForAsync("all ready", () => controller.Admin.StatusAsync(Ct), s => s.Healthy, Ct);
        var received = (one.Received, two.Received);

        await controller.Admin.PauseAsync(new PauseRequest("", true), Ct);
        await controller.Admin.PauseAsync(new PauseRequest("", false), Ct);
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers.Replace("  webserver:", "  webserver: {description: x}", StringComparison.Ordinal) }, Ct);
        await controller.Admin.StatusAsync(Ct);

        Assert.Equal(received, (one.Received, two.Received));
    }

    [Theory]
    [InlineData("helo", null, null, "not-found", "Did you mean \"hello\"?")]
    [InlineData("hello", "nowhere", null, "invalid", "It goes to default")]
    [InlineData("hello", null, "0000000000000000000000000000000000000000000000000000000000000000", "invalid", "Upload it first")]
    public async Task A_deploy_that_cannot_be_says_what_to_do_instead(string service, string? zone, string? digest, string code, string instead)
    {
        await using var controller = await TestController.StartAsync();
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);

        var refused = await Assert.ThrowsAsync<ProblemException>(
            () => controller.Admin.DeployAsync(new DeployRequest { Service = service, Zone = zone, SourceDigest = digest }, Ct));

        Assert.Equal(code, refused.Problem.Code);
        Assert.Contains(instead, refused.Problem.Instead, StringComparison.Ordinal);
    }

    /// <summary>The deployment's end; of the newest one when none is named.</summary>
    internal static async Task<DeploymentView> EndOf(TestController controller, string? id) => (await Waiting.ForAsync(
        $"the end of {id ?? "the deployment"}",
        async () => (await controller.Admin.DeploymentsAsync("hello", Ct)).FirstOrDefault(d => id is null || d.Id == id),
        d => d is { Ended: true },
        Ct))!;
}
