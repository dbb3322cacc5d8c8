using OpenCluster.Decisions.Sets;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Tests.Sets;

public class CopyCareTests
{
    private static readonly Electorate Voters = new(1, ["a", "b", "c"]);
    private static readonly Copy Primary = new() { Member = "a", Epoch = 3, Role = MemberRole.Primary, Electorate = Voters, Alive = true, Lineage = 3, Offset = 10 };
    private static readonly Copy Follower = new() { Member = "b", Epoch = 3, Role = MemberRole.Follows, Follows = "a", Alive = true, Lineage = 3, Offset = 10 };

    [Fact]
    public void An_order_of_an_older_epoch_changes_nothing()
    {
        var decision = CopyCare.Handle(Primary, new CopyEvent.FollowOrdered("b", 2));
        Assert.Equal(Primary, decision.State);
        Assert.IsType<CopyEffect.Tell>(Assert.Single(decision.Effects));
    }

    [Fact]
    public void A_primary_that_is_asked_in_a_newer_epoch_is_fenced_before_it_answers()
    {
        var decision = CopyCare.Handle(Primary, new CopyEvent.ReportAsked(4));
        Assert.Equal((4, MemberRole.Fenced), (decision.State.Epoch, decision.State.Role));
        Assert.Equal(Persist.StateFirst, decision.Persist);
        Assert.Collection(decision.Effects,
            e => Assert.IsType<CopyEffect.Fence>(e),
            e => Assert.True(Assert.IsType<CopyEffect.EndLease>(e).Return),
            e => Assert.Equal(4, Assert.IsType<CopyEffect.Tell>(e).Report.Answers));
    }

    [Fact]
    public void A_follower_that_is_asked_in_a_newer_epoch_does_not_claim_to_follow_anybody_in_it()
    {
        var report = Assert.IsType<CopyEffect.Tell>(CopyCare.Handle(Follower, new CopyEvent.ReportAsked(4)).Effects[^1]).Report;
        Assert.Equal((4, MemberRole.Fenced, null), (report.Epoch, report.Role, report.Follows));
    }

    [Fact]
    public void A_primary_whose_process_ended_is_never_primary_again_in_its_epoch()
    {
        var ended = CopyCare.Handle(Primary, new CopyEvent.ProcessEnded("killed")).State;
        var started = CopyCare.Handle(ended, new CopyEvent.ProcessStarted(3, 10)).State;
        var ordered = CopyCare.Handle(started, new CopyEvent.PromoteOrdered(3, Voters, MayBeEmpty: false));
        Assert.Equal(MemberRole.Ended, ordered.State.Role);
        Assert.DoesNotContain(ordered.Effects, e => e is CopyEffect.MakePrimary);

        Assert.Equal(MemberRole.Primary, CopyCare.Handle(started, new CopyEvent.PromoteOrdered(4, Voters, MayBeEmpty: false)).State.Role);
    }

    [Fact]
    public void A_process_that_hangs_is_killed_and_its_lease_is_not_returned_since_it_may_wake()
    {
        var effects = CopyCare.Handle(Primary, new CopyEvent.ProcessHangs("no answer")).Effects;
        Assert.Contains(effects, e => e is CopyEffect.Kill);
        Assert.False(effects.OfType<CopyEffect.EndLease>().Single().Return);
    }

    [Fact]
    public void An_empty_copy_is_not_promoted_over_data_that_exists_elsewhere()
    {
        var decision = CopyCare.Handle(Follower with { Lineage = 0, Offset = 0 }, new CopyEvent.PromoteOrdered(4, Voters, MayBeEmpty: false));
        Assert.DoesNotContain(decision.Effects, e => e is CopyEffect.MakePrimary);
        Assert.Contains("empty", Assert.IsType<CopyEffect.Tell>(Assert.Single(decision.Effects)).Report.Trouble, StringComparison.Ordinal);
    }
}
