using OpenCluster.Decisions.Sets;

namespace OpenCluster.Decisions.Tests.Sets;

public class VotingTests
{
    private static readonly LeaseRules Rules = new();
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    private static Decision<Voter, VoterEffect> Ask(Voter voter, long epoch, string holder, double at) =>
        Voting.Handle(voter, new VoterEvent.LeaseAsked(epoch, holder, holder, Start), Rules, Start.AddSeconds(at));

    private static Decision<Voter, VoterEffect> Promise(Voter voter, long epoch, double at) =>
        Voting.Handle(voter, new VoterEvent.PromiseAsked(epoch), Rules, Start.AddSeconds(at));

    [Fact]
    public void A_lease_is_granted_to_one_holder_at_a_time()
    {
        var first = Ask(Voter.Start(null, Rules, Start), 1, "a", 0);
        Assert.IsType<VoterEffect.Grant>(Assert.Single(first.Effects));
        Assert.Equal(Persist.StateFirst, first.Persist);

        Assert.IsType<VoterEffect.Refuse>(Assert.Single(Ask(first.State, 2, "b", 0.9).Effects));
        Assert.IsType<VoterEffect.Grant>(Assert.Single(Ask(first.State, 2, "b", 1.1).Effects));
    }

    [Fact]
    public void Two_holders_never_share_an_epoch_however_late_the_second_asks()
    {
        var first = Ask(Voter.Start(null, Rules, Start), 1, "a", 0).State;
        Assert.IsType<VoterEffect.Refuse>(Assert.Single(Ask(first, 1, "b", 100).Effects));
    }

    [Fact]
    public void A_promise_ends_older_epochs_and_says_how_long_their_lease_may_still_count()
    {
        var granted = Ask(Voter.Start(null, Rules, Start), 1, "a", 0).State;
        var promised = Promise(granted, 2, 0.4);
        var promise = Assert.IsType<VoterEffect.Promise>(Assert.Single(promised.Effects));
        Assert.Equal(TimeSpan.FromSeconds(0.6), promise.LeaseLeft);
        Assert.Equal(Persist.StateFirst, promised.Persist);

        Assert.Equal(2, Assert.IsType<VoterEffect.Refuse>(Assert.Single(Ask(promised.State, 1, "a", 0.5).Effects)).Promised);
        Assert.IsType<VoterEffect.RefusePromise>(Assert.Single(Promise(promised.State, 1, 0.5).Effects));
    }

    [Fact]
    public void A_lease_that_is_returned_need_not_be_waited_for()
    {
        var granted = Ask(Voter.Start(null, Rules, Start), 1, "a", 0).State;
        var returned = Voting.Handle(granted, new VoterEvent.LeaseReturned(1, "a"), Rules, Start.AddSeconds(0.1)).State;
        Assert.Equal(TimeSpan.Zero, Assert.IsType<VoterEffect.Promise>(Assert.Single(Promise(returned, 2, 0.1).Effects)).LeaseLeft);
    }

    [Fact]
    public void A_relay_that_still_asks_gets_no_lease_that_was_given_back()
    {
        var granted = Ask(Voter.Start(null, Rules, Start), 1, "a", 0).State;
        var returned = Voting.Handle(granted, new VoterEvent.LeaseReturned(1, "a"), Rules, Start.AddSeconds(0.1)).State;

        Assert.IsType<VoterEffect.Refuse>(Assert.Single(Voting.Handle(returned, new VoterEvent.LeaseAsked(1, "a", "relay", Start), Rules, Start.AddSeconds(0.2)).Effects));
        Assert.IsType<VoterEffect.Grant>(Assert.Single(Ask(returned, 2, "b", 0.3).Effects));
    }

    [Fact]
    public void A_voter_that_starts_again_believes_that_it_granted_its_last_lease_a_moment_ago()
    {
        var disk = Ask(Voter.Start(null, Rules, Start), 1, "a", 0).State;
        var again = Voter.Start(disk, Rules, Start.AddSeconds(60));
        Assert.Equal(Rules.Length, Assert.IsType<VoterEffect.Promise>(Assert.Single(Promise(again, 2, 60).Effects)).LeaseLeft);
    }
}
