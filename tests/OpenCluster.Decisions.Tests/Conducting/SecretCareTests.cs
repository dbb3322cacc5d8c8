using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.RollOuts;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Tests.Conducting;

public class SecretCareTests
{
    [Fact]
    public void A_service_waits_for_its_secret_and_is_deployed_when_it_has_a_value()
    {
        var cluster = new TestCluster();
        cluster.Apply(Shop());
        cluster.Run(5);

        var refused = Assert.Single(cluster.Zone().Deployments);
        Assert.Equal((DeploymentPhase.Failed, "secret-missing"), (refused.Phase, refused.Failure!.Code));
        Assert.Contains("opencluster secret set password", refused.Failure.Reason, StringComparison.Ordinal);

        Set(cluster, 1, 1);
        Assert.True(cluster.RunUntil(c => c.Zone() is { Ready: 2, Active: null, Current.Number: 1 }));
        Assert.All(Orders(cluster), o => Assert.Equal(1, Assert.Single(o.Secrets).Version));
    }

    [Fact]
    public void A_new_value_is_rolled_out_as_a_release_of_the_same_build_and_never_has_fewer_than_wanted()
    {
        var cluster = Deployed();
        var built = cluster.Zone().Current!;
        Set(cluster, 2, 1);

        var least = int.MaxValue;
        Assert.True(cluster.RunUntil(c =>
        {
            least = Math.Min(least, c.Zone().Ready);
            return c.Zone() is { Current.Number: 2, Active: null };
        }));
        Assert.Equal(2, least);
        var now = cluster.Zone().Current!;
        Assert.Equal((built.Digest, built.Id, built.Commit), (now.Digest, now.BuiltAs, now.Commit));
        Assert.All(Orders(cluster), o => Assert.Equal(2, Assert.Single(o.Secrets).Version));
    }

    [Fact]
    public void A_new_value_that_instances_do_not_start_with_goes_back_to_the_one_before()
    {
        var cluster = Deployed();
        cluster.Behave = (order, _, s) => order.Secrets.Any(r => r.Version == 2)
            ? s with { Phase = InstancePhase.Failed, Failure = new Failure("exited", "exited with code 1") }
            : s with { Phase = InstancePhase.Ready };
        Set(cluster, 2, 1);

        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null } z && z.Deployments.Any(d => d.Phase == DeploymentPhase.RolledBack || d.Failure is not null), 300));
        cluster.Run(10);
        Assert.Equal((1, 2), (cluster.Zone().Current!.Number, cluster.Zone().Ready));
        Assert.All(Orders(cluster), o => Assert.Equal(1, Assert.Single(o.Secrets).Version));
    }

    [Fact]
    public void A_value_that_is_no_longer_kept_gives_way_to_the_newest()
    {
        var cluster = Deployed();
        cluster.Behave = (order, _, s) => s with { Phase = order.Release?.Number == 2 ? InstancePhase.Starting : InstancePhase.Ready };
        Set(cluster, 2, oldest: 2);

        // Still on the release before, whose own value was deleted.
        Assert.All(Orders(cluster), o => Assert.Equal(2, Assert.Single(o.Secrets).Version));
    }

    [Fact]
    public void A_service_that_is_told_of_new_values_is_not_replaced()
    {
        var cluster = Deployed(s => s with { OnNewSecret = NewSecret.Signal });
        var before = cluster.Zone().Instances.Select(i => i.Instance.Id).ToList();
        Set(cluster, 2, 1);
        cluster.Run(30);

        Assert.Equal(1, cluster.Zone().Current!.Number);
        Assert.Equal(before, cluster.Zone().Instances.Select(i => i.Instance.Id));
        Assert.All(Orders(cluster), o => Assert.Equal(2, Assert.Single(o.Secrets).Version));
    }

    [Fact]
    public void A_build_gets_what_it_names_and_the_service_does_not()
    {
        var cluster = new TestCluster { Build = _ => null };
        cluster.Apply(Shop(s => s with { Secrets = [], Build = new Build { Run = "make", Secrets = ["password"] } }));
        Set(cluster, 1, 1);
        cluster.Run(2);

        var build = Assert.Single(cluster.View.Servers.SelectMany(s => cluster.Conductor.Assignment(s.Server.Id)!.Builds));
        Assert.Equal(("password", 1), Assert.Single(build.Secrets) is var s ? (s.Name, s.Version) : default);
        cluster.Build = b => new BuildStatus { ReleaseId = b.ReleaseId, Phase = BuildPhase.Done, Digest = "digest", SizeBytes = 1 };
        Assert.True(cluster.RunUntil(c => c.Zone().Ready == 2));
        Assert.All(Orders(cluster), o => Assert.Empty(o.Secrets));
    }

    [Fact]
    public void A_controller_that_starts_again_remembers_which_values_there_are()
    {
        var cluster = Deployed();
        Set(cluster, 2, 1);
        Assert.True(cluster.RunUntil(c => c.Zone() is { Current.Number: 2, Active: null }));
        cluster.Restart();
        cluster.Run(10);

        Assert.Equal(new SecretVersions(Id(cluster), 2, 1), cluster.Conductor.SecretVersions(Id(cluster)));
        Assert.All(Orders(cluster), o => Assert.Equal(2, Assert.Single(o.Secrets).Version));
        Assert.Equal(2, cluster.Zone().Current!.Number);
    }

    private static Cluster Shop(Func<ServiceSpec, ServiceSpec>? spec = null) =>
        Samples.Web(spec: s => spec?.Invoke(s with { Secrets = ["password"] }) ?? s with { Secrets = ["password"] }) with { Secrets = [new Secret { Name = "password" }] };

    private static TestCluster Deployed(Func<ServiceSpec, ServiceSpec>? spec = null)
    {
        var cluster = new TestCluster();
        cluster.Apply(Shop(spec));
        Set(cluster, 1, 1);
        Assert.True(cluster.RunUntil(c => c.Zone() is { Ready: 2, Active: null, Current.Number: 1 }));
        return cluster;
    }

    private static void Set(TestCluster cluster, int newest, int oldest) => cluster.Send(new ClusterEvent.SecretChanged(Id(cluster), newest, oldest, "ann", ""));

    private static string Id(TestCluster cluster) => cluster.Conductor.Cluster.Secrets[0].Id;

    private static List<InstanceOrder> Orders(TestCluster cluster)
    {
        var orders = cluster.View.Servers.SelectMany(s => cluster.Conductor.Assignment(s.Server.Id)!.Instances).Where(o => o.Service == "api" && o.Wanted == Wanted.Run).ToList();
        Assert.NotEmpty(orders);
        return orders;
    }
}
