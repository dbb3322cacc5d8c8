using OpenCluster.Model.Nouns;
using static OpenCluster.Decisions.Tests.Conducting.ConductorTests;

namespace OpenCluster.Decisions.Tests.Conducting;

public class RebalancingTests
{
    /// <summary>Five minutes of quiet, and time for the move.</summary>
    private const double Damped = 330;

    [Fact]
    public void A_server_that_comes_late_takes_over_one_instance_after_a_while_and_no_request_misses_it()
    {
        var cluster = Crowded();
        cluster.Apply(Samples.Web(servers: 2, instances: 3));
        cluster.Run(60);
        Assert.Equal(["web1", "web1", "web1"], Servers(cluster));

        var fewest = 3;
        Assert.True(
            cluster.RunUntil(
                c =>
                {
                    fewest = Math.Min(fewest, c.Zone().Ready);
                    return Servers(c).SequenceEqual(["web1", "web1", "web2"]);
                },
                Damped),
            Story(cluster));
        Assert.Equal(3, fewest);
        Assert.Contains(cluster.Notes, n => n.Text.EndsWith("starts on web2: 3 are on web1, and it has none.", StringComparison.Ordinal));

        // Two and one is as well spread as three can be.
        cluster.Run(2 * Damped);
        Assert.Equal(["web1", "web1", "web2"], Servers(cluster));
    }

    [Fact]
    public void One_that_cannot_start_there_leaves_again_and_is_not_tried_at_once()
    {
        var cluster = Crowded();
        cluster.Apply(Samples.Web(servers: 2, instances: 3));
        var late = cluster.View.Servers.Single(s => s.Server.Name == "web2").Server.Id;
        cluster.Behave = (order, _, status) => status with
        {
            Phase = cluster.View.Instances.Any(i => i.Instance.Id == order.Id && i.Instance.ServerId == late) ? Model.Running.InstancePhase.Starting : Model.Running.InstancePhase.Ready,
        };

        Assert.True(cluster.RunUntil(c => Servers(c).Contains("web2"), 2 * Damped), Story(cluster));
        Assert.True(cluster.RunUntil(c => !Servers(c).Contains("web2"), 180), Story(cluster));
        Assert.Equal(3, cluster.Zone().Ready);
        cluster.Run(60);
        Assert.DoesNotContain("web2", Servers(cluster));
    }

    [Fact]
    public void What_keeps_directories_is_not_moved()
    {
        var cluster = Crowded(s => s with { Persistent = ["data"] });
        cluster.Apply(Samples.Web(servers: 2, instances: 3, spec: s => s with { Persistent = ["data"] }));
        cluster.Run(2 * Damped);
        Assert.Equal(["web1", "web1", "web1"], Servers(cluster));
    }

    /// <summary>Three instances on the only server there is.</summary>
    private static TestCluster Crowded(Func<ServiceSpec, ServiceSpec>? spec = null)
    {
        var cluster = new TestCluster();
        cluster.Apply(Samples.Web(servers: 1, instances: 3, spec: spec));
        Assert.True(cluster.RunUntil(c => c.Zone() is { Ready: 3, Active: null }), Story(cluster));
        return cluster;
    }

    private static IEnumerable<string> Servers(TestCluster cluster) => cluster.Zone().Instances.Select(i => i.Server).Order(StringComparer.Ordinal);
}
