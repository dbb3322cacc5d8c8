using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Balancing;
using static OpenCluster.Decisions.Tests.Conducting.ConductorTests;

namespace OpenCluster.Decisions.Tests.Conducting;

public class PurgingTests
{
    [Fact]
    public void A_purge_is_numbered_reaches_every_balancer_and_survives_a_restart()
    {
        var cluster = Deployed();
        cluster.Send(new ClusterEvent.CachePurgeAsked("api", "/a/*", "", "ann", "wrong price"));
        cluster.Send(new ClusterEvent.CachePurgeAsked("", "", "two", "ann", ""));
        cluster.Restart();

        foreach (var balancer in cluster.Conductor.Balancers)
            Assert.Equal([new CachePurge(1, "api", "/a/*"), new CachePurge(2, Tag: "two")], cluster.Conductor.Snapshot(balancer)!.Purges);
    }

    [Fact]
    public void Only_the_newest_are_kept()
    {
        var cluster = Deployed();
        for (var i = 0; i < 130; i++) cluster.Send(new ClusterEvent.CachePurgeAsked("", "", "", "ann", ""));

        var purges = cluster.Conductor.Snapshot(cluster.Conductor.Balancers[0])!.Purges;
        Assert.Equal((100, 31, 130), (purges.Length, purges[0].Number, purges[^1].Number));
    }
}
