using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Running;
using static OpenCluster.Decisions.Tests.Conducting.ConductorTests;

namespace OpenCluster.Decisions.Tests.Conducting;

public class InstanceStoryTests
{
    private static readonly Failure Hangs = new("check-failed", "its health check failed 3 times in a row: GET / got no answer within 0.5 s") { Log = ["waiting for a lock"] };

    private static List<Note> Told(TestCluster cluster, string id) => [.. cluster.Notes.Where(n => n.Subject == $"instance/{id}")];

    [Fact]
    public void An_instance_that_hangs_later_is_told_with_its_log_and_so_is_its_return()
    {
        var cluster = Deployed();
        var id = cluster.Zone().Instances[0].Instance.Id;
        cluster.Behave = (order, _, s) => order.Id == id ? s with { Phase = InstancePhase.Unhealthy, Failure = Hangs } : s;
        cluster.Run(1);
        cluster.Behave = (order, _, s) => order.Id == id ? s with { Phase = InstancePhase.BackingOff, Failure = Hangs, Restarts = 1 } : s;
        cluster.Run(1);
        cluster.Behave = (_, _, s) => s with { Phase = InstancePhase.Ready, Failure = null };
        cluster.Run(1);

        var told = Told(cluster, id);
        Assert.Equal([Weight.Warning, Weight.Good], told.Select(n => n.Weight));
        Assert.Matches($"^{id} on .+ stopped serving: its health check failed 3 times .* It gets no traffic, and is restarted if it stays so.$", told[0].Text);
        Assert.Equal(["waiting for a lock"], told[0].Evidence);
        Assert.EndsWith("serves again.", told[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_death_between_two_reports_is_told_too()
    {
        var cluster = Deployed();
        var id = cluster.Zone().Instances[0].Instance.Id;
        cluster.Behave = (order, _, s) => order.Id == id ? s with { Phase = InstancePhase.Ready, Restarts = 1 } : s;
        cluster.Run(1);

        Assert.EndsWith("It was restarted and serves again.", Assert.Single(Told(cluster, id)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_stopped_on_purpose_or_rolled_out_is_not_told()
    {
        var cluster = Deployed();
        cluster.Deploy(commit: new string('2', 40));
        Assert.True(cluster.RunUntil(c => c.Zone().Active is null));

        Assert.DoesNotContain(cluster.Notes, n => n.Subject.StartsWith("instance/", StringComparison.Ordinal));
    }
}
