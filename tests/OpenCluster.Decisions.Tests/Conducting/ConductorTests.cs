using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.RollOuts;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Tests.Conducting;

public class ConductorTests
{
    [Fact]
    public void A_first_apply_deploys_everything_by_itself()
    {
        var cluster = new TestCluster();
        cluster.Apply(Samples.Web());

        Assert.True(cluster.RunUntil(c => c.Zone() is { Ready: 2, Active: null, Current.Number: 1 }), Story(cluster));
        var zone = cluster.Zone();
        Assert.Equal(DeploymentPhase.Done, Assert.Single(zone.Deployments).Phase);
        Assert.Equal(2, zone.Instances.Select(i => i.Server).Distinct().Count());
        Assert.Equal(2, zone.Instances.Select(i => i.Location).Distinct().Count());
    }

    [Fact]
    public void Balancers_run_once_on_each_server_of_their_role_and_get_the_targets()
    {
        var cluster = Deployed();

        Assert.Equal(2, cluster.Conductor.Balancers.Length);
        foreach (var balancer in cluster.Conductor.Balancers)
        {
            var snapshot = cluster.Conductor.Snapshot(balancer)!;
            Assert.Equal(2, Assert.Single(snapshot.Routes).Targets.Length);
            Assert.All(snapshot.Listeners, l => Assert.StartsWith("10.0.0.", l.Address, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_first_controller_instance_has_the_name_that_a_bootstrap_gives_it()
    {
        var cluster = Deployed();
        var controller = Assert.Single(cluster.View.Instances, i => i.Instance.ServiceId == "controller");
        Assert.Equal("controller-1", controller.Instance.Id);
        Assert.Equal("lb1", controller.Server);
    }

    [Fact]
    public void A_push_replaces_every_instance_and_never_has_fewer_than_wanted()
    {
        var cluster = Deployed();
        cluster.Heads["main"] = Commit('2');
        cluster.Send(new ClusterEvent.Pushed(cluster.ServiceId(), "main", "webhook"));

        var least = int.MaxValue;
        Assert.True(cluster.RunUntil(c =>
        {
            least = Math.Min(least, c.Zone().Ready);
            return c.Zone() is { Current.Number: 2, Active: null };
        }), Story(cluster));
        Assert.Equal(2, least);
        Assert.All(cluster.Zone().Instances, i => Assert.Equal(2, i.Release));
        Assert.Equal(2, cluster.Zone().Instances.Length);
    }

    [Fact]
    public void The_same_push_twice_changes_nothing()
    {
        var cluster = Deployed();
        var before = cluster.Store.Where(d => !d.Key.StartsWith("counter/", StringComparison.Ordinal)).ToDictionary(d => d.Key, d => Text(d.Value));
        cluster.Send(new ClusterEvent.Pushed(cluster.ServiceId(), "main", "webhook"));
        cluster.Run(5);

        Assert.Equal(before, cluster.Store.Where(d => !d.Key.StartsWith("counter/", StringComparison.Ordinal)).ToDictionary(d => d.Key, d => Text(d.Value)));
        Assert.Contains(cluster.Notes, n => n.Text.Contains("nothing to do", StringComparison.Ordinal));
    }

    [Fact]
    public void Deploying_what_runs_changes_nothing_and_says_so()
    {
        var cluster = Deployed();
        var answer = cluster.Deploy();
        cluster.Run(5);

        var deployment = cluster.Zone().Deployments.Single(d => d.Id == Assert.Single(answer.Deployments));
        Assert.Equal(DeploymentPhase.Done, deployment.Phase);
        Assert.Contains("nothing to do", deployment.Remark, StringComparison.Ordinal);
        Assert.Equal(1, cluster.Zone().Current!.Number);
    }

    [Fact]
    public void A_changed_command_is_rolled_out_without_a_new_build()
    {
        var cluster = Deployed();
        var builds = 0;
        cluster.Build = _ =>
        {
            builds++;
            return null;
        };
        cluster.Apply(Samples.Web().With(s => s with { Run = "./serve --fast" }));

        Assert.True(cluster.RunUntil(c => c.Zone() is { Current.Number: 2, Active: null }), Story(cluster));
        Assert.Equal(0, builds);
        Assert.Equal("./serve --fast", cluster.Zone().Current!.Spec!.Run);
    }

    [Fact]
    public void Applying_the_same_file_again_moves_nothing()
    {
        var cluster = Deployed();
        var instances = cluster.Zone().Instances.Select(i => i.Instance).ToList();
        cluster.Apply(Samples.Web());
        cluster.Run(40);

        Assert.Equal(instances, cluster.Zone().Instances.Select(i => i.Instance));
        Assert.Single(cluster.Zone().Deployments);
    }

    [Fact]
    public void Scaling_up_and_down_replaces_nothing()
    {
        var cluster = Deployed();
        var first = cluster.Zone().Instances.Select(i => i.Instance.Id).ToList();
        cluster.Apply(Samples.Web(instances: 3));
        Assert.True(cluster.RunUntil(c => c.Zone().Ready == 3), Story(cluster));
        Assert.Single(cluster.Zone().Deployments);
        cluster.Apply(Samples.Web(instances: 2));
        Assert.True(cluster.RunUntil(c => c.Zone().Instances.Length == 2), Story(cluster));

        Assert.Equal(first, cluster.Zone().Instances.Select(i => i.Instance.Id));
    }

    [Fact]
    public void A_service_taken_out_of_the_file_is_drained_and_forgotten()
    {
        var cluster = Deployed();
        cluster.Apply(Samples.Web() with { Services = [], Routes = [] });
        cluster.Run(20);

        Assert.DoesNotContain(cluster.View.Instances, i => i.Name == "api");
        Assert.DoesNotContain(cluster.Store.Keys, k => k.StartsWith("release/", StringComparison.Ordinal) || k.StartsWith("deployment/", StringComparison.Ordinal));
    }

    internal static string Commit(char c) => new(c, 40);

    internal static TestCluster Deployed(Cluster? file = null)
    {
        var cluster = new TestCluster();
        cluster.Apply(file ?? Samples.Web());
        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Current: not null } zone && zone.Ready == zone.Wanted), Story(cluster));
        return cluster;
    }

    internal static string Story(TestCluster cluster) =>
        string.Join('\n', cluster.Notes.Select(n => $"{(n.At - TestCluster.Start).TotalSeconds,8:0.00} {n.Weight,-8} {n.Subject}: {n.Text}"))
        + "\n" + string.Join('\n', cluster.Zone().Instances.Select(i => $"{i.Instance} {i.Status?.Phase}"))
        + "\n" + string.Join('\n', cluster.Zone().Deployments);

    private static string Text(ReadOnlyMemory<byte> json) => System.Text.Encoding.UTF8.GetString(json.Span);
}
