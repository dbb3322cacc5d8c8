using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Sets;

/// <summary>
/// The machine of an agent's care for one copy. A primary whose process ended, or that was asked about a newer epoch, is never primary
/// again in its epoch: what it acknowledged is safe with others, what it remembers may not be all of it.
/// </summary>
public static class CopyCare
{
    public static Decision<Copy, CopyEffect> Handle(Copy copy, CopyEvent what) => what switch
    {
        CopyEvent.PromoteOrdered order when order.Epoch >= copy.Epoch => Promote(copy, order),
        CopyEvent.FollowOrdered order when order.Epoch >= copy.Epoch => Follow(copy, order),
        CopyEvent.GiveUpOrdered order when order.Epoch == copy.Epoch && copy.Role == MemberRole.Primary => End(copy, "it was asked to give up"),
        CopyEvent.ElectorateOrdered order when order.Epoch == copy.Epoch && copy.Role == MemberRole.Primary && order.Electorate.Version > copy.Electorate.Version => Use(copy, order.Electorate),
        CopyEvent.ReportAsked ask when ask.Epoch >= copy.Epoch => Asked(copy, ask.Epoch),
        CopyEvent.ProcessStarted started => Started(copy with { Alive = true, Lineage = started.Lineage, Offset = started.Offset }),
        CopyEvent.ProcessFound found => Found(copy with { Alive = true, Lineage = found.Lineage, Offset = found.Offset }),
        CopyEvent.ProcessEnded ended => Ended(copy with { Alive = false, Trouble = ended.Why }, ended.Why),
        CopyEvent.ProcessHangs hangs => Hangs(copy with { Alive = false, Trouble = hangs.Why }),
        CopyEvent.Progressed progress => Decision.Quietly<Copy, CopyEffect>(copy with { Lineage = progress.Lineage, Offset = progress.Offset }),
        // An order of an epoch that is over.
        _ => Tell(copy),
    };

    private static Decision<Copy, CopyEffect> Promote(Copy copy, CopyEvent.PromoteOrdered order)
    {
        if (order.Epoch == copy.Epoch && copy.Role is MemberRole.Primary or MemberRole.Ended) return Tell(copy);
        if (!copy.Alive) return Tell(copy);
        if (copy.Lineage == 0 && !order.MayBeEmpty) return Tell(copy with { Trouble = "it is empty, and data exists elsewhere" });
        var primary = copy with { Epoch = order.Epoch, Role = MemberRole.Primary, Follows = null, Electorate = order.Electorate, Lineage = order.Epoch, Trouble = null };
        return Decision.PersistThen<Copy, CopyEffect>(
            primary, new CopyEffect.MakePrimary(order.Epoch), new CopyEffect.BeginLease(order.Epoch, order.Electorate), new CopyEffect.Tell(primary.Report()));
    }

    private static Decision<Copy, CopyEffect> Follow(Copy copy, CopyEvent.FollowOrdered order)
    {
        if (order.Primary == copy.Member || (order.Epoch == copy.Epoch && copy.Role == MemberRole.Primary)) return Tell(copy);
        var follower = copy with { Epoch = order.Epoch, Role = MemberRole.Follows, Follows = order.Primary, Trouble = copy.Alive ? null : copy.Trouble };
        var unchanged = follower == copy;
        var effects = EndOfLease(copy);
        if (copy.Alive) effects.Add(new CopyEffect.FollowPrimary(order.Primary, order.Epoch));
        effects.Add(new CopyEffect.Tell(follower.Report()));
        return new(follower, unchanged ? Persist.Nothing : Persist.StateFirst, [.. effects]);
    }

    private static Decision<Copy, CopyEffect> Use(Copy copy, Electorate electorate)
    {
        var primary = copy with { Electorate = electorate };
        return Decision.PersistThen<Copy, CopyEffect>(primary, new CopyEffect.BeginLease(copy.Epoch, electorate), new CopyEffect.Tell(primary.Report()));
    }

    /// <summary>Being asked about a newer epoch is how an old primary learns that its own is over.</summary>
    private static Decision<Copy, CopyEffect> Asked(Copy copy, long epoch)
    {
        if (epoch == copy.Epoch) return Decision.Then<Copy, CopyEffect>(copy, new CopyEffect.Tell(copy.Report(epoch)));
        // One that ended in an older epoch may be primary again in this one; one that followed has nobody to follow in this one yet. Its
        // process is left on its old primary's stream, though: cut from it, it would have to be filled from the beginning.
        var asked = copy with { Epoch = epoch, Role = MemberRole.Fenced, Follows = null };
        var effects = EndOfLease(copy);
        effects.Add(new CopyEffect.Tell(asked.Report(epoch)));
        return new(asked, Persist.StateFirst, [.. effects]);
    }

    private static Decision<Copy, CopyEffect> Started(Copy copy) => copy.Role switch
    {
        MemberRole.Follows => Decision.Then<Copy, CopyEffect>(copy, new CopyEffect.FollowPrimary(copy.Follows!, copy.Epoch), new CopyEffect.Tell(copy.Report())),
        MemberRole.Primary => End(copy, "its process was started again"),
        _ => Decision.Then<Copy, CopyEffect>(copy, new CopyEffect.Fence(), new CopyEffect.Tell(copy.Report())),
    };

    /// <summary>The agent was away; its process was not.</summary>
    private static Decision<Copy, CopyEffect> Found(Copy copy) => copy.Role == MemberRole.Primary
        ? Decision.Then<Copy, CopyEffect>(copy, new CopyEffect.BeginLease(copy.Epoch, copy.Electorate), new CopyEffect.Tell(copy.Report()))
        : Started(copy);

    private static Decision<Copy, CopyEffect> Ended(Copy copy, string why) => copy.Role == MemberRole.Primary ? End(copy, why) : Tell(copy);

    private static Decision<Copy, CopyEffect> Hangs(Copy copy)
    {
        if (copy.Role != MemberRole.Primary) return Decision.Then<Copy, CopyEffect>(copy, new CopyEffect.Kill(), new CopyEffect.Tell(copy.Report()));
        var ended = copy with { Role = MemberRole.Ended };
        return Decision.PersistThen<Copy, CopyEffect>(ended, new CopyEffect.Kill(), new CopyEffect.EndLease(copy.Epoch, Return: false), new CopyEffect.Tell(ended.Report()));
    }

    private static Decision<Copy, CopyEffect> End(Copy copy, string why)
    {
        var ended = copy with { Role = MemberRole.Ended, Trouble = why };
        return Decision.PersistThen<Copy, CopyEffect>(ended, [.. EndOfLease(copy), new CopyEffect.Tell(ended.Report())]);
    }

    private static List<CopyEffect> EndOfLease(Copy copy) =>
        copy.Role == MemberRole.Primary ? [new CopyEffect.Fence(), new CopyEffect.EndLease(copy.Epoch, Return: true)] : [];

    private static Decision<Copy, CopyEffect> Tell(Copy copy) => Decision.Then<Copy, CopyEffect>(copy, new CopyEffect.Tell(copy.Report()));
}
