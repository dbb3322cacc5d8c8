using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Tests.Conducting;

public sealed class KeepingTests
{
    private readonly TestCluster cluster = new();

    public KeepingTests()
    {
        var web = Samples.Web(servers: 3, instances: 1, service: s => s with
        {
            Keep = new RetentionRule { Releases = 2 },
            Deployments = [s.Deployments[0], s.Deployments[0] with { Zone = "development", Branch = "develop" }],
        });
        cluster.Heads["develop"] = Commit(1);
        cluster.Apply(web with
        {
            Zones = [.. web.Zones, new Zone { Name = "development" }],
            Servers = [.. web.Servers.Select(s => s.Name == "web3" ? s with { Zone = "development" } : s)],
        });
        Assert.True(cluster.RunUntil(c => c.Zone().Ready == 1 && c.Zone(zone: "development").Ready == 1));
    }

    [Fact]
    public void Deploying_to_one_zone_again_and_again_leaves_the_releases_of_another_to_go_back_to()
    {
        Deploy("default", 2);
        for (var i = 3; i < 9; i++) Deploy("development", i);
        var kept = cluster.View.Services.Single().Releases;
        Assert.Equal(2, kept.Count(r => r.Zone == "default"));
        Assert.Equal(3, kept.Count(r => r.Zone == "development"));
    }

    [Fact]
    public void Number_of_another_zones_release_is_refused_by_name()
    {
        Deploy("default", 2);
        var other = cluster.Zone(zone: "development").Current!.Number;
        var refused = cluster.Send(new ClusterEvent.RollBackAsked(cluster.ServiceId(), "default", other, "ann", "")).Refused!;
        Assert.Equal("no-such-release", refused.Code);
        Assert.Equal($"api in default has no release {other} to go back to; that one was made for zone development. In default, kept are 1.", refused.Reason);
    }

    private static string Commit(int number) => number.ToString("d40", System.Globalization.CultureInfo.InvariantCulture);

    private void Deploy(string zone, int commit)
    {
        cluster.Send(new ClusterEvent.DeployAsked(cluster.ServiceId(), zone, null, Commit(commit), null, "ann", ""));
        Assert.True(cluster.RunUntil(c => c.Zone(zone: zone).Current?.Commit == Commit(commit) && c.Zone(zone: zone).Active is null), string.Join('\n', cluster.Notes.Select(n => n.Text)));
    }
}
