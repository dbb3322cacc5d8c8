using System.Collections.Immutable;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Sets;

/// <summary>
/// The machine of one replicated set. The story of a fail-over:
/// 1. The primary is gone (<see cref="PrimaryEvidence"/>), or shall move. 2. A new epoch is taken from the store. 3. Voters promise it, and
/// say how long a lease of the old one may still count. 4. When that is over, copies say what they hold. 5. The furthest among enough of them
/// is promoted (<see cref="SetElection"/>). 6. It says so; the others follow it, and everybody is told.
/// A controller that dies anywhere in between recovers the set from the store and goes on from the phase it finds.
/// </summary>
public static class SetCare
{
    /// <summary>Elections that lead nowhere follow each other ever more slowly, up to this.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <param name="mayJudgeSilence">False while the controller suspects itself, or automatic fail-over is switched off.</param>
    public static Decision<SetState, SetEffect> Handle(SetState state, SetEvent what, LeaseRules rules, bool mayJudgeSilence, DateTimeOffset now)
    {
        switch (what)
        {
            case SetEvent.Reported reported:
                return Reported(state, reported.Report, rules, mayJudgeSilence, now);
            case SetEvent.VoterSaid said when said.Epoch == state.Set.Epoch:
                return Judge(state with { Voters = state.Voters.SetItem(said.Voter, new(now - said.HeardAgo, now)) }, rules, mayJudgeSilence, now);
            case SetEvent.Promised promised when promised.Epoch == state.Set.Epoch:
                return Go(state with { Promises = state.Promises.SetItem(promised.Voter, now + promised.LeaseLeft) }, rules, now);
            case SetEvent.PromiseRefused refused when refused.Newer > state.Set.Epoch:
                // A restored store: voters remember an epoch it has forgotten. Only a newer one can be served.
                return Elect(state with { Set = state.Set with { Epoch = refused.Newer } }, $"voters have already promised epoch {refused.Newer}", null, rules, now);
            case SetEvent.TimePassed:
                return Judge(state, rules, mayJudgeSilence, now);
            case SetEvent.MoveWanted wanted:
                return Move(state, wanted, rules, now);
            case SetEvent.Forced forced:
                return Force(state, forced, rules, now);
            case SetEvent.VotersWanted wanted:
                return Vote(state with { Set = state.Set with { WantedVoters = wanted.Voters } }, rules, now, persist: true);
            default:
                return Decision.Quietly<SetState, SetEffect>(state);
        }
    }

    private static Decision<SetState, SetEffect> Reported(SetState state, MemberReport report, LeaseRules rules, bool mayJudgeSilence, DateTimeOffset now)
    {
        if (!state.Set.Members.Contains(report.Member, StringComparer.Ordinal)) return Decision.Quietly<SetState, SetEffect>(state);
        // A report that nobody asked for may come after the answer to a question, and says as much unless the copy has lost something since.
        if (report.Answers == 0 && state.Of(report.Member) is { } answer && (report.Lineage, report.Offset).CompareTo((answer.Lineage, answer.Offset)) >= 0)
            report = report with { Answers = answer.Answers };
        state = state with { Members = state.Members.SetItem(report.Member, new(report, now)) };

        if (state.Set.Phase == SetPhase.Promoting && report.Member == state.Set.Candidate && report.Epoch == state.Set.Epoch)
        {
            if (report.Role == MemberRole.Primary) return Serve(state, now);
            if (report.Role is MemberRole.Ended or MemberRole.Down) return Elect(state, $"{report.Member} ended while it was promoted", null, rules, now);
        }
        // It returned its lease, after voters had said how long that may count: those who ask again hear that it is over.
        if (state.Set.Phase == SetPhase.Electing && report.Member == state.Set.Primary && report.Role == MemberRole.Ended && SetElection.LeasesOut(state) is { } outs && now < outs)
            return Decision.Then(state, AskPromises(state.Set).AsSpan());
        var judged = state.Set.Phase == SetPhase.Serving ? Judge(state, rules, mayJudgeSilence, now) : Go(state, rules, now);
        return judged.State.Set.Phase == SetPhase.Serving ? Guide(judged, report) : judged;
    }

    /// <summary>While serving: is the primary still there, and do its voters need to change?</summary>
    private static Decision<SetState, SetEffect> Judge(SetState state, LeaseRules rules, bool mayJudgeSilence, DateTimeOffset now)
    {
        if (state.Set.Phase != SetPhase.Serving) return Go(state, rules, now);
        var gone = PrimaryEvidence.Gone(state, rules, mayJudgeSilence, now);
        if (gone is not null) return Elect(state, $"{state.Set.Primary} is gone: {gone}", null, rules, now);
        return Vote(state with { NextAct = now + rules.AskAgain }, rules, now, persist: false);
    }

    /// <summary>A copy that does not do what the epoch wants of it is told again.</summary>
    private static Decision<SetState, SetEffect> Guide(Decision<SetState, SetEffect> judged, MemberReport report)
    {
        var set = judged.State.Set;
        if (report.Member == set.Primary || report.Role == MemberRole.Down) return judged;
        if (report.Role == MemberRole.Follows && report.Follows == set.Primary && report.Epoch == set.Epoch) return judged;
        return judged with { Effects = judged.Effects.Add(new SetEffect.Follow(report.Member, set.Primary!, set.Epoch)) };
    }

    /// <summary>Takes a new epoch. Persisted before a single voter hears of it: two controllers can then never ask for the same one.</summary>
    private static Decision<SetState, SetEffect> Elect(SetState state, string why, string? wanted, LeaseRules rules, DateTimeOffset now)
    {
        var set = state.Set with
        {
            Epoch = state.Set.Epoch + 1,
            Phase = SetPhase.Electing,
            Candidate = wanted,
            Why = why,
            Since = now,
            Tries = state.Set.Phase == SetPhase.Serving ? 0 : Math.Min(state.Set.Tries + 1, 16),
        };
        var electing = state with { Set = set, Promises = state.Promises.Clear(), Voters = state.Voters.Clear(), AskedReports = false, NextAct = now + rules.AskAgain };
        return Decision.PersistThen(electing, AskPromises(set).AsSpan());
    }

    /// <summary>While no primary serves: the next step that can be taken.</summary>
    private static Decision<SetState, SetEffect> Go(SetState state, LeaseRules rules, DateTimeOffset now)
    {
        var set = state.Set;
        var due = state.NextAct is { } next && now >= next;
        switch (set.Phase)
        {
            case SetPhase.Forming:
                return Elect(state, "a new set", null, rules, now);

            case SetPhase.Promoting when due && now >= set.Since + Patience(set, rules):
                return Elect(state, $"{set.Candidate} did not become primary in time", null, rules, now);
            case SetPhase.Promoting when due:
                return Decision.Then<SetState, SetEffect>(state with { NextAct = now + rules.AskAgain }, Promote(set));

            case SetPhase.Electing:
                return Electing(state, due, rules, now);
            default:
                return Decision.Quietly<SetState, SetEffect>(state);
        }
    }

    private static Decision<SetState, SetEffect> Electing(SetState state, bool due, LeaseRules rules, DateTimeOffset now)
    {
        var set = state.Set;
        var leasesOut = SetElection.LeasesOut(state);
        if (leasesOut is null || now < leasesOut)
        {
            // Asked again also by who has been promised: a lease that is returned meanwhile ends the wait. What is heard must not put that off.
            if (!due) return Decision.Quietly<SetState, SetEffect>(state with { NextAct = Earlier(state.NextAct ?? now + rules.AskAgain, leasesOut) });
            var next = state with { NextAct = Earlier(now + rules.AskAgain, leasesOut) };
            return leasesOut is null ? Tell(next, "most voters cannot be asked", AskPromises(set), rules, now) : Decision.Then(next, AskPromises(set).AsSpan());
        }

        var chosen = SetElection.Choose(state);
        var waitsForWanted = set.Candidate is not null && !SetElection.WantedIsReady(state) && now < set.Since + rules.MoveWithin;
        if (chosen is not null && !waitsForWanted && (AllAnswered(state) || now >= leasesOut + Courtesy))
        {
            var promoting = set with { Phase = SetPhase.Promoting, Candidate = chosen, Since = now };
            return Decision.PersistThen<SetState, SetEffect>(
                state with { Set = promoting, NextAct = now + rules.AskAgain, Told = null },
                Promote(promoting));
        }
        var asking = state with { AskedReports = true, NextAct = now + (chosen is null || waitsForWanted ? rules.AskAgain : Courtesy) };
        // The first question goes out the moment the leases are out. After that only time asks again: if answers did that are of no use,
        // copies that are all down would be asked ever more often.
        if (!due && state.AskedReports) return Decision.Quietly<SetState, SetEffect>(state);
        return Tell(asking, "too few copies can be asked to be sure that every acknowledged write survives", AskReports(set), rules, now, quiet: chosen is not null);
    }

    /// <summary>With enough answers, the rest get this long: another copy may be further along, with writes nobody was promised.</summary>
    private static readonly TimeSpan Courtesy = TimeSpan.FromMilliseconds(50);

    private static Decision<SetState, SetEffect> Serve(SetState state, DateTimeOffset now)
    {
        var set = state.Set with { Phase = SetPhase.Serving, Primary = state.Set.Candidate, Candidate = null, Since = now, Tries = 0 };
        var serving = state with { Set = set, Promises = state.Promises.Clear(), Voters = state.Voters.Clear(), JudgeFrom = now, NextAct = now, Told = null };
        ImmutableArray<SetEffect> effects =
        [
            new SetEffect.Announce(set.Primary!, set.Epoch, set.Electorate),
            .. set.Members.Where(m => m != set.Primary && state.Of(m) is { Role: not MemberRole.Down }).Select(m => new SetEffect.Follow(m, set.Primary!, set.Epoch)),
        ];
        return new(serving, Persist.StateFirst, effects);
    }

    private static Decision<SetState, SetEffect> Move(SetState state, SetEvent.MoveWanted wanted, LeaseRules rules, DateTimeOffset now)
    {
        var set = state.Set;
        var target = state.Of(wanted.Member);
        if (set.Phase != SetPhase.Serving || wanted.Member == set.Primary || target is not { Role: MemberRole.Follows } || target.Lineage != set.Epoch || target.Follows != set.Primary)
            return Decision.Then<SetState, SetEffect>(state, new SetEffect.NeedsPerson($"{wanted.Member} cannot take over: it does not follow {set.Primary ?? "anybody"} in step."));
        var electing = Elect(state, wanted.Why, wanted.Member, rules, now);
        return electing with { Effects = electing.Effects.Insert(0, new SetEffect.GiveUp(set.Primary!, set.Epoch)) };
    }

    private static Decision<SetState, SetEffect> Force(SetState state, SetEvent.Forced forced, LeaseRules rules, DateTimeOffset now)
    {
        if (!state.Set.Members.Contains(forced.Member, StringComparer.Ordinal))
            return Decision.Then<SetState, SetEffect>(state, new SetEffect.NeedsPerson($"{forced.Member} holds no copy of {state.Set.Id}."));
        var set = state.Set with
        {
            Epoch = state.Set.Epoch + 1,
            Phase = SetPhase.Promoting,
            Candidate = forced.Member,
            Electorate = new Electorate(state.Set.Electorate.Version + 1, forced.Voters),
            WantedVoters = forced.Voters,
            Why = forced.Why,
            Since = now,
        };
        return Decision.PersistThen<SetState, SetEffect>(
            state with { Set = set, Promises = state.Promises.Clear(), NextAct = now + rules.AskAgain },
            Promote(set));
    }

    /// <summary>One step towards the wanted voters, once the primary works with the present ones.</summary>
    private static Decision<SetState, SetEffect> Vote(SetState state, LeaseRules rules, DateTimeOffset now, bool persist)
    {
        var set = state.Set;
        var unchanged = new Decision<SetState, SetEffect>(state, persist ? Persist.StateFirst : Persist.Nothing, []);
        if (set.Phase != SetPhase.Serving || state.Of(set.Primary) is not { Role: MemberRole.Primary } primary) return unchanged;
        var use = new SetEffect.UseElectorate(set.Primary!, set.Epoch, set.Electorate);
        if (primary.ElectorateVersion < set.Electorate.Version) return unchanged with { Effects = [use] };
        var next = set.WantedVoters.IsEmpty ? set.Electorate : set.Electorate.Towards(set.WantedVoters);
        if (next.Version == set.Electorate.Version) return unchanged;
        return Decision.PersistThen<SetState, SetEffect>(
            state with { Set = set with { Electorate = next }, NextAct = now + rules.AskAgain },
            use with { Electorate = next },
            new SetEffect.Announce(set.Primary!, set.Epoch, next));
    }

    /// <summary>What goes on without success for a while is told once, and gone on with.</summary>
    private static Decision<SetState, SetEffect> Tell(SetState state, string trouble, ImmutableArray<SetEffect> effects, LeaseRules rules, DateTimeOffset now, bool quiet = false)
    {
        if (quiet || state.Told == trouble || now < state.Set.Since + (5 * rules.Length)) return Decision.Then(state, effects.AsSpan());
        var told = new SetEffect.NeedsPerson($"{state.Set.Id} has no primary ({state.Set.Why}): {trouble}.");
        return Decision.Then(state with { Told = trouble }, effects.Add(told).AsSpan());
    }

    private static SetEffect.Promote Promote(ReplicatedSet set) => new(set.Candidate!, set.Epoch, set.Electorate, MayBeEmpty: set.Primary is null);

    private static bool AllAnswered(SetState state) => SetElection.Answers(state).Length == state.Set.Members.Length;

    private static ImmutableArray<SetEffect> AskPromises(ReplicatedSet set) => [.. set.Electorate.Voters.Select(v => new SetEffect.AskPromise(v, set.Epoch))];

    private static ImmutableArray<SetEffect> AskReports(ReplicatedSet set) => [.. set.Members.Select(m => new SetEffect.AskReport(m, set.Epoch))];

    private static TimeSpan Patience(ReplicatedSet set, LeaseRules rules)
    {
        var patience = rules.PromoteWithin * (1 << Math.Min(set.Tries, 8));
        return patience < LongestPause ? patience : LongestPause;
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset? other) => other is { } some && some < one ? some : one;
}
