namespace OpenCluster.Decisions.Sets;

/// <summary>The machine of one vote. See <see cref="Voter"/> for what it keeps and why.</summary>
public static class Voting
{
    public static Decision<Voter, VoterEffect> Handle(Voter voter, VoterEvent what, LeaseRules rules, DateTimeOffset now) => what switch
    {
        VoterEvent.LeaseAsked ask => Asked(voter, ask, rules, now),
        VoterEvent.LeaseReturned back => Decision.Quietly<Voter, VoterEffect>(IsFor(voter, back.Epoch, back.Holder) ? Returned(voter, now) : voter),
        VoterEvent.PrimaryHeard heard => Decision.Quietly<Voter, VoterEffect>(heard.Epoch >= voter.Promised ? voter with { HeardAt = now } : voter),
        VoterEvent.PromiseAsked ask => Promise(voter, ask.Epoch, now),
        _ => throw new InvalidOperationException($"A voter does not know {what.GetType().Name}."),
    };

    private static Decision<Voter, VoterEffect> Asked(Voter voter, VoterEvent.LeaseAsked ask, LeaseRules rules, DateTimeOffset now)
    {
        var refusal = new VoterEffect.Refuse(ask.Asker, ask.Epoch, voter.Promised);
        if (ask.Epoch < voter.Promised) return Decision.Then<Voter, VoterEffect>(voter, refusal);

        // Relays that go on asking say nothing about the life of the primary itself.
        if (ask.Asker == ask.Holder) voter = voter with { HeardAt = now };
        var grant = new VoterEffect.Grant(ask.Asker, ask.Epoch, ask.AskedAt);
        var until = now + rules.Length;
        if (IsFor(voter, ask.Epoch, ask.Holder) && voter.Returned) return Decision.Then<Voter, VoterEffect>(voter, refusal);
        if (IsFor(voter, ask.Epoch, ask.Holder)) return Decision.Then<Voter, VoterEffect>(voter with { Until = until }, grant);
        if (now < voter.Until || ask.Epoch == voter.Epoch) return Decision.Then<Voter, VoterEffect>(voter, refusal);
        return Decision.PersistThen<Voter, VoterEffect>(voter with { Promised = ask.Epoch, Epoch = ask.Epoch, Holder = ask.Holder, Until = until, Returned = false }, grant);
    }

    private static Decision<Voter, VoterEffect> Promise(Voter voter, long epoch, DateTimeOffset now)
    {
        if (epoch < voter.Promised) return Decision.Then<Voter, VoterEffect>(voter, new VoterEffect.RefusePromise(epoch, voter.Promised));
        var left = voter.Epoch < epoch && voter.Until > now ? voter.Until - now : TimeSpan.Zero;
        var promise = new VoterEffect.Promise(epoch, left);
        return epoch == voter.Promised
            ? Decision.Then<Voter, VoterEffect>(voter, promise)
            : Decision.PersistThen<Voter, VoterEffect>(voter with { Promised = epoch }, promise);
    }

    private static Voter Returned(Voter voter, DateTimeOffset now) => voter with { Returned = true, Until = voter.Until < now ? voter.Until : now };

    private static bool IsFor(Voter voter, long epoch, string holder) => voter.Epoch == epoch && voter.Holder == holder;
}
