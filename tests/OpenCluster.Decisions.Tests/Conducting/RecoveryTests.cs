using System.Text;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.RollOuts;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;
using static OpenCluster.Decisions.Tests.Conducting.ConductorTests;

namespace OpenCluster.Decisions.Tests.Conducting;

public class RecoveryTests
{
    [Fact]
    public void A_controller_that_restarts_at_every_step_of_a_roll_out_still_finishes_it()
    {
        var cluster = Deployed();
        cluster.Heads["main"] = Commit('2');
        cluster.Send(new ClusterEvent.Pushed(cluster.ServiceId(), "main", "webhook"));
        for (var i = 0; i < 100 && cluster.Zone().Active is not null; i++)
        {
            AssertMemoryIsTheStore(cluster);
            cluster.Restart();
            AssertMemoryIsTheStore(cluster);
            cluster.Run(6);
        }

        Assert.Equal(DeploymentPhase.Done, cluster.Zone().Deployments[^1].Phase);
        Assert.Equal(2, cluster.Zone().Current!.Number);
    }

    [Fact]
    public void A_restart_keeps_targets_and_assignments_exactly_before_anybody_has_reported()
    {
        var cluster = Deployed();
        var server = cluster.View.Servers[0].Server.Id;
        var balancer = cluster.Conductor.Balancers[0];
        var (assignment, snapshot) = (cluster.Conductor.Assignment(server)!, cluster.Conductor.Snapshot(balancer));
        cluster.Restart();

        Assert.Equal(Json(assignment), Json(cluster.Conductor.Assignment(server)!));
        Assert.Equal(Json(snapshot!), Json(cluster.Conductor.Snapshot(balancer)!));
    }

    [Fact]
    public void A_restart_repeats_the_question_for_a_commit_and_tells_everybody()
    {
        var cluster = Deployed();
        var deployment = cluster.Conductor.Handle(new ClusterEvent.DeployAsked(cluster.ServiceId(), null, null, null, null, "ann", ""), cluster.Now);
        foreach (var write in deployment.Persist)
            cluster.Store[write.Key] = write.Json!.Value;
        var (_, outcome) = Conductor.Recover(cluster.Store, cluster.Now);

        Assert.Contains(outcome.Effects, e => e is ClusterEffect.ResolveCommit);
        Assert.Contains(outcome.Effects, e => e is ClusterEffect.TellBalancers);
        Assert.Equal(cluster.View.Servers.Length, outcome.Effects.OfType<ClusterEffect.TellAgent>().Count());
    }

    [Fact]
    public void An_apply_of_a_thousand_servers_and_many_services_is_one_transaction_and_the_rest_survives_a_crash_in_between()
    {
        var file = Samples.Web(servers: 1000);
        file = file with { Services = [.. Enumerable.Range(1, 300).Select(i => Samples.Api(1) with { Name = $"api{i}" })], Routes = [] };
        var (conductor, _) = Conductor.Recover([], TestCluster.Start);
        var first = conductor.Handle(new ClusterEvent.Applied(file, "text", "ann", ""), TestCluster.Start);
        Assert.True(first.Persist.Length <= Outcome.MaxDocuments);
        Assert.True(first.Persist.Sum(d => d.Json?.Length ?? 0) < 1 << 20);

        var store = first.Persist.Where(d => d.Json is not null).ToDictionary(d => d.Key, d => d.Json!.Value, StringComparer.Ordinal);
        (conductor, _) = Conductor.Recover(store, TestCluster.Start);
        for (var i = 0; i < 10_000 && conductor.Wake <= TestCluster.Start; i++)
            Assert.True(conductor.Handle(new ClusterEvent.TimePassed(), TestCluster.Start).Persist.Length <= Outcome.MaxDocuments);

        Assert.Equal(300, conductor.View().Services.Sum(s => s.Zones.Sum(z => z.Deployments.Length)));
    }

    [Fact]
    public void A_renamed_service_role_or_zone_restarts_nothing()
    {
        var cluster = Deployed();
        var before = cluster.View.Instances.Where(i => i.Name == "api").Select(i => i.Instance).ToList();
        var file = Samples.Web();
        cluster.Apply(file with
        {
            Zones = [new Zone { Name = "main", RenamedFrom = "default" }],
            Roles = [new Role { Name = "webserver", RenamedFrom = "web" }, new Role { Name = "edge" }],
            Servers = [.. file.Servers.Select(s => s with { Zone = "main", Roles = [.. s.Roles.Select(r => r == "web" ? "webserver" : r)] })],
            Services = [.. file.Services.Select(s => s with { Name = "shop-api", RenamedFrom = "api", Role = "webserver", Deployments = [.. s.Deployments.Select(d => d with { Zone = "main" })] })],
            Routes = [.. file.Routes.Select(r => r with { Service = "shop-api", Zone = "main" })],
        });
        cluster.Run(60);

        Assert.Equal(before.Select(i => i.Id), cluster.View.Instances.Where(i => i.Name == "shop-api").Select(i => i.Instance.Id));
        Assert.Single(cluster.Zone("shop-api", "main").Deployments);
        Assert.Equal(2, cluster.Conductor.Snapshot(cluster.Conductor.Balancers[0])!.Routes[0].Targets.Length);
    }

    private static void AssertMemoryIsTheStore(TestCluster cluster)
    {
        var memory = cluster.Conductor.Documents().ToDictionary(d => d.Key, d => Encoding.UTF8.GetString(d.Value.Span), StringComparer.Ordinal);
        var store = cluster.Store.Where(d => !d.Key.StartsWith("file/", StringComparison.Ordinal)).ToDictionary(d => d.Key, d => Encoding.UTF8.GetString(d.Value.Span), StringComparer.Ordinal);
        Assert.Equal(store, memory);
    }

    private static string Json(Assignment assignment) => System.Text.Json.JsonSerializer.Serialize(assignment, OpenCluster.Model.ModelJson.Default.Assignment);

    private static string Json(Model.Balancing.BalancerSnapshot snapshot) => System.Text.Json.JsonSerializer.Serialize(snapshot, OpenCluster.Model.ModelJson.Default.BalancerSnapshot);
}
