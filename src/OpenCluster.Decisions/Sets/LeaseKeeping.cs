namespace OpenCluster.Decisions.Sets;

/// <summary>The machine of one write lease: asks for it again and again, and knows when it is over. No store and no controller is needed.</summary>
public static class LeaseKeeping
{
    public static Decision<WriteLease, LeaseEffect> Handle(WriteLease lease, LeaseEvent what, LeaseRules rules, DateTimeOffset now)
    {
        if (lease.Over) return Decision.Quietly<WriteLease, LeaseEffect>(lease);
        return what switch
        {
            LeaseEvent.Granted granted => Decision.Quietly<WriteLease, LeaseEffect>(Granted(lease, granted, rules)),
            // A newer epoch exists somewhere: there will be no more grants, so stop at once rather than when those in hand run out.
            LeaseEvent.Refused refused when refused.Promised > lease.Epoch => End(lease),
            LeaseEvent.Refused => Decision.Quietly<WriteLease, LeaseEffect>(lease),
            LeaseEvent.ElectorateChanged changed when changed.Electorate.Version > lease.Electorate.Version =>
                Decision.Quietly<WriteLease, LeaseEffect>(lease with { Electorate = changed.Electorate, NextAsk = now }),
            LeaseEvent.ElectorateChanged => Decision.Quietly<WriteLease, LeaseEffect>(lease),
            LeaseEvent.Ended => End(lease),
            LeaseEvent.TimePassed => Ask(lease, rules, now),
            _ => throw new InvalidOperationException($"A lease does not know {what.GetType().Name}."),
        };
    }

    /// <summary>When <see cref="LeaseEvent.TimePassed"/> is due; null for never.</summary>
    public static DateTimeOffset? Wake(WriteLease lease) => lease.Over ? null : lease.NextAsk;

    private static WriteLease Granted(WriteLease lease, LeaseEvent.Granted granted, LeaseRules rules)
    {
        if (granted.Epoch != lease.Epoch) return lease;
        // From the asking, not from the answer: the voter began to count somewhere in between.
        var until = granted.AskedAt + rules.Usable;
        return lease.Until.TryGetValue(granted.Voter, out var known) && known >= until ? lease : lease with { Until = lease.Until.SetItem(granted.Voter, until) };
    }

    private static Decision<WriteLease, LeaseEffect> Ask(WriteLease lease, LeaseRules rules, DateTimeOffset now)
    {
        if (now < lease.NextAsk) return Decision.Quietly<WriteLease, LeaseEffect>(lease);
        return Decision.Then(
            lease with { NextAsk = now + rules.RenewEvery },
            [.. lease.Electorate.Voters.Select(v => (LeaseEffect)new LeaseEffect.Ask(v, lease.Epoch, lease.Holder, now))]);
    }

    private static Decision<WriteLease, LeaseEffect> End(WriteLease lease)
    {
        var ended = lease with { Over = true };
        // Only the primary's own agent can say that the primary has stopped; a relay merely stops believing.
        if (lease.Asker != lease.Holder) return Decision.Quietly<WriteLease, LeaseEffect>(ended);
        var returns = lease.Electorate.Voters.Select(v => (LeaseEffect)new LeaseEffect.Return(v, lease.Epoch, lease.Holder));
        return Decision.Then(ended, [new LeaseEffect.StopWrites(), .. returns]);
    }
}
