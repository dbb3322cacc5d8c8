using OpenCluster.Api;
using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Tests.Support;
using OpenCluster.Trust.Certificates;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Controller.Tests.Endpoints;

public sealed class JoinTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_join_token_is_good_once_and_a_replay_is_refused_and_recorded()
    {
        await using var controller = await TestController.StartAsync("web1");
        await controller.JoinAsync("web1", controller.JoinToken("web1"));

        var refused = await Assert.ThrowsAsync<ProblemException>(() => controller.JoinAsync("thief", controller.JoinToken("web1")));

        Assert.Equal(("token-used", 409), (refused.Problem.Code, refused.Problem.Status));
        var audit = await controller.Admin.AuditAsync(Ct);
        Assert.Contains(audit, entry => entry.What == "refuse a join as server web1" && entry.From == "127.0.0.1");
        await using var first = await controller.AgentAsync("web1");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);
        await Waiting.ForAsync("the first goes on", () => first.Assignment is not null, Ct);
    }

    [Fact]
    public async Task An_answer_lost_on_its_way_is_asked_for_again_with_the_same_key()
    {
        await using var controller = await TestController.StartAsync("web1");
        await controller.JoinAsync("web1", controller.JoinToken("web1"));
        await controller.JoinAsync("web1", controller.JoinToken("web1"));
        await using var agent = await controller.AgentAsync("web1");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);
        await Waiting.ForAsync("an assignment", () => agent.Assignment is not null, Ct);
    }

    [Fact]
    public async Task A_join_token_runs_out()
    {
        var time = new ShiftedTime();
        await using var controller = await TestController.StartAsync(time);
        var line = JoinLine.Parse((await controller.Admin.NewJoinTokenAsync("web1", new JoinTokenRequest(Minutes: 10), Ct)).Line);
        time.By = TimeSpan.FromMinutes(11);

        var refused = await Assert.ThrowsAsync<ProblemException>(() => controller.JoinAsync("web1", line.Token));

        Assert.Equal("token-expired", refused.Problem.Code);
    }

    [Fact]
    public async Task A_copy_of_a_server_is_refused_and_told_while_the_first_goes_on()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);
        await using var first = await controller.AgentAsync("web1");
        await Waiting.ForAsync("the first is heard", () => controller.Admin.ServersAsync(Ct), all => all.Any(s => s is { Name: "web1", Health: "alive" }), Ct);
        var (received, files) = (first.Received, controller.FilesOf("web1"));

        using var otherMachine = new ApiClient(controller.Url, null, TimeProvider.System, files.Read, new MachineMark("another", "boot-1"));
        using var otherBoot = new ApiClient(controller.Url, null, TimeProvider.System, files.Read, TestController.MachineOf("web1") with { Boot = "boot-2" });
        foreach (var copy in (ApiClient[])[otherMachine, otherBoot])
        {
            var refused = await Assert.ThrowsAsync<ProblemException>(async () => await copy.AssignmentsAsync("web1", 0, Ct).GetAsyncEnumerator(Ct).MoveNextAsync());
            Assert.Equal(("copy-of-a-server", 403), (refused.Problem.Code, refused.Problem.Status));
        }

        var told = await controller.Admin.EventsAsync(0, Ct).TakeUntilAsync(e => e.Text.Contains("uses this server's key", StringComparison.Ordinal), Ct);
        Assert.Contains("This server goes on", told[^1].Text, StringComparison.Ordinal);
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers.Replace("200ms", "300ms", StringComparison.Ordinal) }, Ct);
        await Waiting.ForAsync("a further assignment for the first", () => first.Received > received, Ct);
    }

    [Fact]
    public async Task A_server_that_is_struck_off_is_refused_at_once_its_streams_too_and_may_join_anew()
    {
        await using var controller = await TestController.StartAsync("web1");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);
        using var agent = await controller.AgentClientAsync("web1");
        await using var stream = agent.AssignmentsAsync("web1", 0, Ct).GetAsyncEnumerator(Ct);
        Assert.True(await stream.MoveNextAsync());
        var taken = await Assert.ThrowsAsync<ProblemException>(() => controller.Admin.NewJoinTokenAsync("web1", new JoinTokenRequest(), Ct));
        Assert.Equal("joined-already", taken.Problem.Code);

        await controller.Admin.StrikeOffAsync("web1", "sold", Ct);

        await Assert.ThrowsAsync<UnreachableException>(async () => await stream.MoveNextAsync());
        var refused = await Assert.ThrowsAsync<ProblemException>(async () => await agent.AssignmentsAsync("web1", 0, Ct).GetAsyncEnumerator(Ct).MoveNextAsync());
        Assert.Equal("not-authenticated", refused.Problem.Code);
        // Nor does the token that was used help any more, even with the same key.
        Assert.Equal("token-used", (await Assert.ThrowsAsync<ProblemException>(() => controller.JoinAsync("web1", controller.JoinToken("web1")))).Problem.Code);

        var fresh = JoinLine.Parse((await controller.Admin.NewJoinTokenAsync("web1", new JoinTokenRequest(), Ct)).Line);
        await controller.JoinAsync("web1", fresh.Token);
        await using var again = await controller.AgentAsync("web1");
        await Waiting.ForAsync("an assignment", () => again.Assignment is not null, Ct);
    }

    [Fact]
    public async Task An_agent_whose_certificate_ran_out_meanwhile_renews_it_by_its_key_and_that_is_recorded()
    {
        var time = new ShiftedTime();
        await using var controller = await TestController.StartAsync(time, "web1");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);
        using var agent = await controller.AgentClientAsync("web1");
        time.By = TimeSpan.FromDays(3);

        var late = await Assert.ThrowsAsync<ProblemException>(async () => await agent.AssignmentsAsync("web1", 0, Ct).GetAsyncEnumerator(Ct).MoveNextAsync());
        Assert.Contains("ran out", late.Problem.Detail, StringComparison.Ordinal);
        using var key = controller.FilesOf("web1").TakeKey();
        var fresh = await agent.CertificateAsync(new CertifyRequest { SigningRequest = key.SigningRequest() }, Ct);

        Assert.True(fresh.Until > time.GetUtcNow());
        Assert.Contains(await controller.Admin.AuditAsync(Ct), entry => entry.What.Contains("after its end", StringComparison.Ordinal));
        using var stranger = PartKey.Create();
        var other = await Assert.ThrowsAsync<ProblemException>(() => agent.CertificateAsync(new CertifyRequest { SigningRequest = stranger.SigningRequest() }, Ct));
        Assert.Equal("not-allowed", other.Problem.Code);
    }

    [Fact]
    public async Task Nobody_can_stand_between_with_another_authority()
    {
        await using var controller = await TestController.StartAsync("web1");
        await using var between = await TestController.StartAsync("web1");
        var line = new JoinLine(between.Url, controller.JoinToken("web1"), controller.Roots.Fingerprint);

        await Assert.ThrowsAsync<FormatException>(() => JoinLine.RootAsync(line.Controller, line.Fingerprint, TimeProvider.System, Ct));
        using var misled = new ApiClient(between.Url, controller.AdminToken, TimeProvider.System, new Credentials(controller.Roots).Itself);
        var refused = await Assert.ThrowsAsync<UnreachableException>(() => misled.StatusAsync(Ct));

        Assert.True(refused.IsUntrusted, refused.Message);
        // The token never left: whoever stood between has not seen it.
        Assert.DoesNotContain(await between.Admin.AuditAsync(Ct), entry => entry.What.Contains("refuse", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_load_balancer_speaks_for_itself_alone()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers + "\nload-balancers:\n  edge: {role: webserver, listen: 8080}\n" }, Ct);
        await using var one = await controller.AgentAsync("web1");
        await using var two = await controller.AgentAsync("web2");
        await Waiting.ForAsync("two balancers ordered", () => one.Assignment?.Instances.Any(i => i.BalancerId is not null) == true && two.Assignment?.Instances.Any(i => i.BalancerId is not null) == true, Ct);
        var (own, other) = (one.Assignment!.Instances.First(i => i.BalancerId is not null).Id, two.Assignment!.Instances.First(i => i.BalancerId is not null).Id);
        using var agent = await controller.AgentClientAsync("web1");
        using var key = PartKey.Create();

        var stolen = await Assert.ThrowsAsync<ProblemException>(() => agent.CertificateAsync(new CertifyRequest { SigningRequest = key.SigningRequest(), Balancer = other }, Ct));
        Assert.Equal("not-allowed", stolen.Problem.Code);

        var files = controller.FilesOf("edge");
        using var balancerKey = files.TakeKey();
        var signed = await agent.CertificateAsync(new CertifyRequest { SigningRequest = balancerKey.SigningRequest(), Balancer = own }, Ct);
        files.Write(signed.Chain, signed.Roots);
        using var balancer = new ApiClient(controller.Url, null, TimeProvider.System, files.Read);
        Assert.True(await balancer.SnapshotsAsync(own, 0, Ct).GetAsyncEnumerator(Ct).MoveNextAsync());
        Assert.Equal("not-allowed", (await Assert.ThrowsAsync<ProblemException>(async () => await balancer.SnapshotsAsync(other, 0, Ct).GetAsyncEnumerator(Ct).MoveNextAsync())).Problem.Code);
        Assert.Equal("not-allowed", (await Assert.ThrowsAsync<ProblemException>(async () => await balancer.AssignmentsAsync("web1", 0, Ct).GetAsyncEnumerator(Ct).MoveNextAsync())).Problem.Code);

        var open = balancer.SnapshotsAsync(own, 0, Ct).GetAsyncEnumerator(Ct);
        Assert.True(await open.MoveNextAsync());
        await controller.Admin.StrikeOffAsync("web1", "", Ct);
        await Assert.ThrowsAsync<UnreachableException>(async () =>
        {
            while (await open.MoveNextAsync()) Assert.NotNull(open.Current); // what was on its way
        });
        Assert.Equal("not-authenticated", (await Assert.ThrowsAsync<ProblemException>(async () => await balancer.SnapshotsAsync(own, 0, Ct).GetAsyncEnumerator(Ct).MoveNextAsync())).Problem.Code);
    }
}
