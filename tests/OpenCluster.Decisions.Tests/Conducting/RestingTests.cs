using OpenCluster.Decisions.Conducting;

namespace OpenCluster.Decisions.Tests.Conducting;

public class RestingTests
{
    [Fact]
    public void What_runs_on_a_drained_server_moves_and_never_are_there_fewer_than_wanted()
    {
        var cluster = Deployed(servers: 3);
        var (name, id) = Busy(cluster);
        Rest(cluster, id, maintenance: false);

        var least = int.MaxValue;
        Assert.True(cluster.RunUntil(c =>
        {
            least = Math.Min(least, c.Zone().Ready);
            return c.Zone() is { Ready: 2 } zone && zone.Instances.Length == 2 && zone.Instances.All(i => i.Server != name);
        }));
        Assert.Equal(2, least);
        cluster.Heads["main"] = new string('2', 40);
        cluster.Deploy();
        Assert.True(cluster.RunUntil(c => c.Zone() is { Current.Number: 2, Active: null }));
        Assert.DoesNotContain(cluster.Zone().Instances, i => i.Server == name);
    }

    [Fact]
    public void What_fits_nowhere_else_stays_where_it_is()
    {
        var cluster = Deployed(servers: 1, instances: 1);
        Rest(cluster, Busy(cluster).Id, maintenance: true);
        cluster.Run(120);

        Assert.Equal(1, cluster.Zone().Ready);
        Assert.Contains(cluster.Notes, n => n.Text.Contains("lacks 1 instance", StringComparison.Ordinal));
    }

    [Fact]
    public void A_server_that_may_carry_load_again_is_given_some_and_a_restart_forgets_nothing()
    {
        var cluster = Deployed(servers: 2);
        var (name, id) = Busy(cluster);
        Rest(cluster, id, maintenance: false);
        Assert.True(cluster.RunUntil(c => c.Zone() is { Ready: 2 } zone && zone.Instances.All(i => i.Server != name)));
        cluster.Restart();
        cluster.Run(30);
        Assert.Equal("ann", cluster.Conductor.Respite(id)!.By);
        Assert.DoesNotContain(cluster.Zone().Instances, i => i.Server == name);

        Rest(cluster, id, maintenance: null);
        Assert.True(cluster.RunUntil(c => c.Zone() is { Ready: 2 } zone && zone.Instances.Any(i => i.Server == name), 900));
    }

    [Fact]
    public void Load_balancers_stop_for_maintenance_while_another_serves_and_the_last_one_goes_on()
    {
        var cluster = Deployed(servers: 2);
        Rest(cluster, IdOf(cluster, "lb1"), maintenance: true);
        Assert.True(cluster.RunUntil(c => c.Conductor.Balancers.Length == 1));
        Rest(cluster, IdOf(cluster, "lb2"), maintenance: true);
        cluster.Run(30);
        Assert.Single(cluster.Conductor.Balancers);

        Rest(cluster, IdOf(cluster, "lb1"), maintenance: null);
        Assert.True(cluster.RunUntil(c => c.View.Balancers.Any(b => b.Process.Server == "lb1")));
    }

    [Fact]
    public void A_drained_server_keeps_its_load_balancer()
    {
        var cluster = Deployed(servers: 2);
        Rest(cluster, IdOf(cluster, "lb1"), maintenance: false);
        cluster.Run(30);
        Assert.Equal(2, cluster.Conductor.Balancers.Length);
    }

    [Fact]
    public void A_server_in_maintenance_that_goes_is_no_trouble_and_one_that_is_not_is()
    {
        var cluster = Deployed(servers: 3);
        var (name, id) = Busy(cluster);
        Rest(cluster, id, maintenance: true);
        Assert.True(cluster.RunUntil(c => c.Zone() is { Ready: 2 } zone && zone.Instances.All(i => i.Server != name)));
        cluster.Kill(name);
        cluster.Run(60);
        Assert.Contains(cluster.Notes, n => n.Weight == Weight.Info && n.Text.Contains($"{name} is away, as ann announced (new disk)", StringComparison.Ordinal));
        Assert.DoesNotContain(cluster.Notes, n => n.Weight == Weight.Trouble);

        var other = Busy(cluster).Name;
        cluster.Kill(other);
        Assert.True(cluster.RunUntil(c => c.Notes.Any(n => n.Weight == Weight.Trouble && n.Text.StartsWith($"{other} is down", StringComparison.Ordinal))));
    }

    private static TestCluster Deployed(int servers, int instances = 2)
    {
        var cluster = new TestCluster();
        cluster.Apply(Samples.Web(servers, instances));
        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Current.Number: 1 } zone && zone.Ready == instances));
        return cluster;
    }

    private static (string Name, string Id) Busy(TestCluster cluster) => cluster.Zone().Instances[0] is var i ? (i.Server, i.Instance.ServerId) : default;

    private static string IdOf(TestCluster cluster, string server) => cluster.View.Servers.Single(s => s.Server.Name == server).Server.Id;

    private static void Rest(TestCluster cluster, string id, bool? maintenance) => cluster.Send(new ClusterEvent.RespiteChanged(id, maintenance, "ann", "new disk"));
}
