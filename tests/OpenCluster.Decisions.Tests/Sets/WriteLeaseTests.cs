using OpenCluster.Decisions.Sets;

namespace OpenCluster.Decisions.Tests.Sets;

public class WriteLeaseTests
{
    private static readonly LeaseRules Rules = new();
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    private static WriteLease Lease() => new() { Asker = "a", Holder = "a", Epoch = 3, Electorate = new Electorate(1, ["a", "b", "c"]) };

    private static WriteLease Grant(WriteLease lease, string voter, double askedAt) =>
        LeaseKeeping.Handle(lease, new LeaseEvent.Granted(voter, 3, Start.AddSeconds(askedAt)), Rules, Start.AddSeconds(askedAt)).State;

    [Fact]
    public void A_minority_of_grants_acknowledges_nothing() =>
        Assert.False(Grant(Lease(), "a", 0).MayAcknowledge(Start));

    [Fact]
    public void A_majority_counts_from_the_asking_and_less_than_the_voters_count()
    {
        var held = Grant(Grant(Lease(), "a", 0), "b", 0.3);
        Assert.True(held.MayAcknowledge(Start + Rules.Usable - TimeSpan.FromTicks(1)));
        Assert.False(held.MayAcknowledge(Start + Rules.Usable));
        Assert.True(Rules.Usable < Rules.Length);
    }

    [Fact]
    public void A_newer_promise_stops_writes_at_once_and_returns_the_lease_after_that()
    {
        var refused = LeaseKeeping.Handle(Grant(Grant(Lease(), "a", 0), "b", 0), new LeaseEvent.Refused("c", 3, 4), Rules, Start);
        Assert.False(refused.State.MayAcknowledge(Start));
        Assert.IsType<LeaseEffect.StopWrites>(refused.Effects[0]);
        Assert.Equal(["a", "b", "c"], refused.Effects.Skip(1).Cast<LeaseEffect.Return>().Select(r => r.Voter));
    }

    [Fact]
    public void A_lease_that_is_over_stays_over_whatever_grants_come_late()
    {
        var ended = LeaseKeeping.Handle(Lease(), new LeaseEvent.Ended(), Rules, Start).State;
        Assert.False(Grant(Grant(ended, "a", 1), "b", 1).MayAcknowledge(Start.AddSeconds(1)));
        Assert.Null(LeaseKeeping.Wake(ended));
    }

    [Fact]
    public void Majorities_of_neighbouring_electorates_share_a_voter()
    {
        var from = new Electorate(1, ["a", "b", "c"]);
        var steps = new List<Electorate> { from };
        while (steps[^1].Towards(["c", "d", "e"]) is var next && next.Version > steps[^1].Version) steps.Add(next);

        Assert.Equal(["c", "d", "e"], steps[^1].Voters.Order());
        foreach (var (one, other) in steps.Zip(steps.Skip(1)))
            Assert.True(one.Majority + other.Majority > one.Voters.Union(other.Voters).Count(), $"{one} and {other} may decide apart");
    }
}
