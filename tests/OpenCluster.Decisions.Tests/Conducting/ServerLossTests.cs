using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.Servers;
using OpenCluster.Model.Running;
using static OpenCluster.Decisions.Tests.Conducting.ConductorTests;

namespace OpenCluster.Decisions.Tests.Conducting;

public class ServerLossTests
{
    [Fact]
    public void A_silent_server_is_down_after_two_seconds_and_its_targets_stay()
    {
        var cluster = Deployed();
        var victim = cluster.Zone().Instances[0].Server;
        cluster.Kill(victim);
        cluster.Run(2.5);

        Assert.Equal(ServerState.Down, cluster.View.Servers.Single(s => s.Server.Name == victim).Health.State);
        Assert.Equal(2, cluster.Conductor.Snapshot(cluster.Conductor.Balancers[0])!.Routes[0].Targets.Length);
    }

    [Fact]
    public void A_server_that_comes_back_with_its_clock_set_back_is_believed()
    {
        var cluster = Deployed();
        var victim = cluster.Zone().Instances[0].Server;
        ServerSight Seen() => cluster.View.Servers.Single(s => s.Server.Name == victim);
        var before = Seen().Report!;
        var reset = before with { BootId = "another boot", AgentStarted = before.AgentStarted.AddYears(-50), Sequence = 1 };

        // While the one known is heard, another that says it is the same server is not.
        cluster.Send(new ClusterEvent.ServerReported(reset));
        Assert.Equal(before.BootId, Seen().Report!.BootId);

        cluster.Kill(victim);
        cluster.Run(3);
        Assert.Equal(ServerState.Down, Seen().Health.State);
        cluster.Send(new ClusterEvent.ServerReported(reset));
        Assert.Equal(ServerState.Alive, Seen().Health.State);
    }

    [Fact]
    public void A_reboot_moves_nothing()
    {
        var cluster = Deployed();
        var before = cluster.Zone().Instances.Select(i => i.Instance).ToList();
        var victim = cluster.Zone().Instances[0].Server;
        cluster.Kill(victim);
        cluster.Run(25);
        cluster.Dead.Clear();
        cluster.Run(40);

        Assert.Equal(before, cluster.Zone().Instances.Select(i => i.Instance));
    }

    [Fact]
    public void A_server_that_stays_away_is_replaced_and_on_its_return_the_surplus_leaves()
    {
        var cluster = Deployed();
        var before = cluster.Zone().Instances.Select(i => i.Instance.Id).ToList();
        var victim = cluster.Zone().Instances[0].Server;
        cluster.Kill(victim);
        cluster.Run(3);
        Assert.Equal(1, cluster.Zone().Ready);
        Assert.True(cluster.RunUntil(c => c.Zone().Ready == 2, 40), Story(cluster));
        Assert.Equal(3, cluster.Zone().Instances.Length);
        cluster.Dead.Clear();
        Assert.True(cluster.RunUntil(c => c.Zone().Instances.Length == 2, 60), Story(cluster));

        Assert.Equal(2, cluster.Zone().Ready);
        Assert.Equal(before, cluster.Zone().Instances.Select(i => i.Instance.Id));
    }

    [Fact]
    public void Flapping_moves_nothing()
    {
        var cluster = Deployed();
        var before = cluster.Zone().Instances.Select(i => i.Instance.Id).ToList();
        var victim = cluster.Zone().Instances[0].Server;
        for (var i = 0; i < 60; i++)
        {
            cluster.Kill(victim);
            cluster.Run(5);
            cluster.Dead.Clear();
            cluster.Run(5);
        }

        Assert.Equal(before, cluster.Zone().Instances.Select(i => i.Instance.Id));
    }

    [Fact]
    public void When_most_servers_go_silent_at_once_the_controller_doubts_itself_and_moves_nothing()
    {
        var cluster = Deployed(Samples.Web(servers: 6));
        var before = cluster.Zone().Instances.Select(i => i.Instance.Id).ToList();
        foreach (var server in cluster.View.Servers.Take(6))
            cluster.Dead.Add(server.Server.Name);
        cluster.Run(120);
        Assert.NotNull(cluster.View.FrozenSince);
        Assert.All(cluster.View.Servers, s => Assert.NotEqual(ServerState.Down, s.Health.State));
        cluster.Dead.Clear();
        cluster.Run(10);

        Assert.Null(cluster.View.FrozenSince);
        Assert.Equal(before, cluster.Zone().Instances.Select(i => i.Instance.Id));
        Assert.Single(cluster.Notes, n => n.Text.Contains("went silent at once", StringComparison.Ordinal));
    }

    [Fact]
    public void A_server_taken_out_of_the_file_is_emptied_only_after_its_replacements_serve()
    {
        var cluster = Deployed();
        var victim = cluster.Zone().Instances[0].Server;
        var file = Samples.Web();
        var least = int.MaxValue;
        cluster.Apply(file with { Servers = [.. file.Servers.Where(s => s.Name != victim)] });
        Assert.True(cluster.RunUntil(c =>
        {
            least = Math.Min(least, c.Zone().Ready);
            return c.View.Servers.All(s => s.Server.Name != victim);
        }), Story(cluster));

        Assert.Equal(2, least);
        Assert.Equal(2, cluster.Zone().Instances.Length);
    }

    [Fact]
    public void An_agent_whose_server_has_left_is_told_so()
    {
        var cluster = Deployed();
        var left = cluster.View.Servers[0].Server;
        cluster.Apply(cluster.View.Cluster with { Servers = [.. cluster.View.Cluster.Servers.Where(s => s.Id != left.Id)] });
        Assert.True(cluster.RunUntil(c => c.View.Servers.All(s => s.Server.Id != left.Id)), Story(cluster));

        Assert.True(cluster.Conductor.Assignment(left.Id)!.Removed);
    }

    [Fact]
    public void An_agent_that_this_store_never_knew_is_told_nothing()
    {
        var cluster = Deployed();
        cluster.Send(new ClusterEvent.ServerReported(new ServerReport { ServerId = "srv-99", BootId = "b", Address = "10.9.9.9" }));

        Assert.Null(cluster.Conductor.Assignment("srv-99"));
    }

    [Fact]
    public void With_automatic_acts_off_nothing_is_replaced_until_they_are_on_again()
    {
        var cluster = Deployed();
        cluster.Send(new ClusterEvent.PauseChanged("", true, "ann", "maintenance"));
        cluster.Kill(cluster.Zone().Instances[0].Server);
        cluster.Run(60);
        Assert.Equal(2, cluster.Zone().Instances.Length);
        Assert.Equal("ann", Assert.Single(cluster.View.Pauses).By);
        cluster.Send(new ClusterEvent.PauseChanged("", false, "ann", ""));

        Assert.True(cluster.RunUntil(c => c.Zone().Ready == 2, 10), Story(cluster));
    }

    [Fact]
    public void A_report_that_says_nothing_new_leads_to_nothing()
    {
        var cluster = Deployed();
        cluster.Run(30);
        var effects = cluster.Effects.Count;
        var revision = cluster.Revision;
        cluster.Run(30);

        Assert.Equal(effects, cluster.Effects.Count);
        Assert.Equal(revision, cluster.Revision);
    }

    [Fact]
    public void A_controller_that_stood_still_does_not_take_its_own_silence_for_that_of_others()
    {
        var cluster = Deployed();
        cluster.StandStill(TimeSpan.FromMinutes(2));
        cluster.Send(new ClusterEvent.TimePassed());

        Assert.All(cluster.View.Servers, s => Assert.NotEqual(ServerState.Down, s.Health.State));
        Assert.Contains(cluster.Notes, n => n.Text.Contains("stood still", StringComparison.Ordinal));
    }
}
