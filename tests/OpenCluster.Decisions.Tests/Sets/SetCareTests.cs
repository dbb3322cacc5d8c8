using OpenCluster.Decisions.Sets;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Tests.Sets;

public class SetCareTests
{
    private static readonly LeaseRules Rules = new();
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    private static readonly SetState Serving = SetState.Recover(
        new ReplicatedSet
        {
            Id = "orders",
            Members = ["a", "b", "c"],
            Electorate = new Electorate(1, ["a", "b", "c"]),
            Replicas = 1,
            Epoch = 3,
            Phase = SetPhase.Serving,
            Primary = "a",
        },
        Start);

    private static MemberReport Report(string member, MemberRole role, long epoch, long lineage, long offset, long answers = 0) => new()
    {
        Member = member,
        Role = role,
        Epoch = epoch,
        Lineage = lineage,
        Offset = offset,
        Answers = answers,
        ElectorateVersion = 1,
    };

    private static Decision<SetState, SetEffect> Feed(SetState state, double at, SetEvent what, bool mayJudge = true) =>
        SetCare.Handle(state, what, Rules, mayJudge, Start.AddSeconds(at));

    private static SetState Silence(SetState state, params string[] deaf) =>
        deaf.Aggregate(state, (s, voter) => Feed(s, 5, new SetEvent.VoterSaid(voter, 3, TimeSpan.FromSeconds(4))).State);

    [Fact]
    public void A_primary_that_only_the_controller_cannot_reach_stays_primary()
    {
        Assert.Equal(SetPhase.Serving, Silence(Serving).Set.Phase);
        Assert.Equal(SetPhase.Serving, Silence(Serving, "b").Set.Phase);
    }

    [Fact]
    public void A_primary_that_neither_the_controller_nor_most_voters_hear_is_gone()
    {
        var electing = Silence(Serving, "b", "c").Set;
        Assert.Equal((SetPhase.Electing, 4L), (electing.Phase, electing.Epoch));
        Assert.Contains("2 of 3 voters", electing.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_controller_that_suspects_itself_judges_no_silence_and_believes_an_agent_that_saw_its_process_end()
    {
        var deaf = Feed(Serving, 5, new SetEvent.VoterSaid("b", 3, TimeSpan.FromSeconds(4)), mayJudge: false).State;
        deaf = Feed(deaf, 5, new SetEvent.VoterSaid("c", 3, TimeSpan.FromSeconds(4)), mayJudge: false).State;
        Assert.Equal(SetPhase.Serving, deaf.Set.Phase);

        var ended = Feed(deaf, 5, new SetEvent.Reported(Report("a", MemberRole.Ended, 3, 0, 0)), mayJudge: false);
        Assert.Equal(SetPhase.Electing, ended.State.Set.Phase);
    }

    [Fact]
    public void Old_news_of_a_copy_that_was_not_primary_yet_does_not_depose_it()
    {
        var after = Feed(Serving, 1, new SetEvent.Reported(Report("a", MemberRole.Fenced, 3, 2, 7)));
        Assert.Equal(SetPhase.Serving, after.State.Set.Phase);
    }

    [Fact]
    public void The_epoch_is_persisted_before_a_voter_hears_of_it()
    {
        var elect = Feed(Serving, 1, new SetEvent.Reported(Report("a", MemberRole.Ended, 3, 0, 0)));
        Assert.Equal(Persist.StateFirst, elect.Persist);
        Assert.Equal(["a", "b", "c"], elect.Effects.OfType<SetEffect.AskPromise>().Where(e => e.Epoch == 4).Select(e => e.Voter));
    }

    [Fact]
    public void The_furthest_copy_is_promoted_once_leases_are_out_and_enough_have_answered()
    {
        var state = Feed(Serving, 1, new SetEvent.Reported(Report("a", MemberRole.Ended, 3, 0, 0))).State;
        state = Feed(state, 1.1, new SetEvent.Promised("b", 4, TimeSpan.FromSeconds(0.6))).State;
        var promised = Feed(state, 1.1, new SetEvent.Promised("c", 4, TimeSpan.Zero));
        Assert.DoesNotContain(promised.Effects, e => e is SetEffect.AskReport);

        var leasesOut = Feed(promised.State, 1.75, new SetEvent.TimePassed());
        Assert.Equal(3, leasesOut.Effects.OfType<SetEffect.AskReport>().Count());
        state = Feed(leasesOut.State, 1.76, new SetEvent.Reported(Report("b", MemberRole.Fenced, 4, 3, 90, answers: 4))).State;
        Assert.Equal(SetPhase.Electing, state.Set.Phase);
        var chosen = Feed(state, 1.9, new SetEvent.Reported(Report("c", MemberRole.Fenced, 4, 3, 92, answers: 4)));
        Assert.Equal((SetPhase.Promoting, "c"), (chosen.State.Set.Phase, chosen.State.Set.Candidate));
        Assert.Equal("c", Assert.Single(chosen.Effects.OfType<SetEffect.Promote>()).Member);
    }

    [Fact]
    public void Too_few_copies_to_be_sure_promote_nobody_and_a_person_is_told_once()
    {
        var state = Feed(Serving, 1, new SetEvent.Reported(Report("a", MemberRole.Ended, 3, 0, 0))).State;
        foreach (var voter in (string[])["b", "c"]) state = Feed(state, 1, new SetEvent.Promised(voter, 4, TimeSpan.Zero)).State;
        state = Feed(state, 1, new SetEvent.Reported(Report("b", MemberRole.Fenced, 4, 3, 90, answers: 4))).State;

        var told = new List<string>();
        for (var at = 1.3; at < 60; at += 0.3)
        {
            var step = Feed(state, at, new SetEvent.TimePassed());
            told.AddRange(step.Effects.OfType<SetEffect.NeedsPerson>().Select(p => p.Why));
            state = step.State;
        }
        Assert.Equal(SetPhase.Electing, state.Set.Phase);
        Assert.Contains("too few copies", Assert.Single(told), StringComparison.Ordinal);
    }

    [Fact]
    public void Answers_that_are_of_no_use_bring_about_no_new_questions()
    {
        var state = Feed(Serving, 1, new SetEvent.Reported(Report("a", MemberRole.Ended, 3, 0, 0))).State;
        foreach (var voter in (string[])["b", "c"]) state = Feed(state, 1, new SetEvent.Promised(voter, 4, TimeSpan.Zero)).State;
        foreach (var member in state.Set.Members)
        {
            var heard = Feed(state, 1.01, new SetEvent.Reported(Report(member, MemberRole.Down, 4, 0, 0)));
            Assert.Empty(heard.Effects);
            state = heard.State;
        }
    }

    [Fact]
    public void An_epoch_that_voters_know_and_the_store_has_forgotten_is_passed()
    {
        var elect = Feed(Serving, 1, new SetEvent.Reported(Report("a", MemberRole.Ended, 3, 0, 0))).State;
        Assert.Equal(10, Feed(elect, 1, new SetEvent.PromiseRefused("b", 4, 9)).State.Set.Epoch);
    }

    [Fact]
    public void A_lease_returned_after_the_promises_is_not_waited_for()
    {
        var moving = Feed(Feed(Serving, 1, new SetEvent.Reported(Report("b", MemberRole.Follows, 3, 3, 7) with { Follows = "a" })).State, 1, new SetEvent.MoveWanted("b", "wanted")).State;
        foreach (var voter in (string[])["a", "b", "c"]) moving = Feed(moving, 1.01, new SetEvent.Promised(voter, 4, Rules.Length)).State;

        var returned = Feed(moving, 1.02, new SetEvent.Reported(Report("a", MemberRole.Ended, 3, 3, 7)));
        Assert.Equal(["a", "b", "c"], returned.Effects.OfType<SetEffect.AskPromise>().Select(e => e.Voter));
        var asked = (string[])["a", "b"];
        var state = asked.Aggregate(returned.State, (s, voter) => Feed(s, 1.03, new SetEvent.Promised(voter, 4, TimeSpan.Zero)).State);
        var last = Feed(state, 1.04, new SetEvent.Promised("c", 4, TimeSpan.Zero));
        Assert.Equal(3, last.Effects.OfType<SetEffect.AskReport>().Count());
    }

    [Fact]
    public void A_move_to_a_copy_that_is_not_in_step_is_refused_in_words()
    {
        var behind = Feed(Serving, 1, new SetEvent.Reported(Report("b", MemberRole.Follows, 2, 2, 5))).State;
        var refused = Feed(behind, 1, new SetEvent.MoveWanted("b", "by hand"));
        Assert.Equal(SetPhase.Serving, refused.State.Set.Phase);
        Assert.Contains("b cannot take over", Assert.IsType<SetEffect.NeedsPerson>(Assert.Single(refused.Effects)).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_controller_that_starts_again_goes_on_from_the_phase_it_finds()
    {
        var promoting = Serving.Set with { Phase = SetPhase.Promoting, Epoch = 4, Candidate = "b", Since = Start };
        var effects = Feed(SetState.Recover(promoting, Start), 0, new SetEvent.TimePassed()).Effects;
        Assert.Equal("b", Assert.Single(effects.OfType<SetEffect.Promote>()).Member);
    }
}
