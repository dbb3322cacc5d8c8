using System.Collections.Immutable;
using OpenCluster.Decisions.Sets;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>Where the conductor meets <see cref="SetCare"/>: words of agents and wishes of people go in, documents and orders come out.</summary>
internal static class SpaceCare
{
    public static readonly LeaseRules Rules = new();

    public static void Recover(Situation situation)
    {
        foreach (var set in situation.State.Sets.Values.OrderBy(s => s.Id, Placing.IdOrder.Instance))
            Begin(situation, set);
    }

    public static void Begin(Situation situation, ReplicatedSet set)
    {
        situation.Sets[set.Id] = SetState.Recover(set, situation.Now);
        situation.SetWakes.At(set.Id, situation.Now);
        Tell(situation, set);
    }

    /// <summary>Its space has left the file. The data stays on the servers' disks.</summary>
    public static void Forget(Situation situation, string setId)
    {
        if (situation.State.Sets.Find(setId) is { } set)
            Tell(situation, set);
        situation.State.Sets.Remove(setId);
        situation.Sets.Remove(setId);
    }

    public static void Said(Situation situation, string serverId, ImmutableArray<SetWord> words)
    {
        foreach (var word in words)
        {
            // Whoever speaks says what is beside itself, whatever name stands in the report.
            if (word.Report is { } report)
                Feed(situation, word.SetId, new SetEvent.Reported(report with { Member = serverId }));
            if (word.Vote is { } vote)
                Feed(situation, word.SetId, new SetEvent.VoterSaid(serverId, vote.Epoch, vote.HeardAgo));
            if (word.Promise is { Newer: > 0 } refused)
                Feed(situation, word.SetId, new SetEvent.PromiseRefused(serverId, refused.Epoch, refused.Newer));
            else if (word.Promise is { } promise)
                Feed(situation, word.SetId, new SetEvent.Promised(serverId, promise.Epoch, promise.LeaseLeft));
        }
    }

    public static void Move(Situation situation, ClusterEvent.PrimaryMoveAsked e)
    {
        if (!situation.Sets.TryGetValue(e.SetId, out var state))
            return;
        var set = state.Set;
        var wanted = e.ServerId ?? set.Members.Where(m => m != set.Primary)
            .OrderByDescending(m => state.Of(m)?.Lineage ?? 0).ThenByDescending(m => state.Of(m)?.Offset ?? 0).FirstOrDefault();
        if (wanted is null || wanted == set.Primary)
            Refuse(situation, "nothing-to-move", wanted is null ? "There is only one copy." : $"The primary is on {situation.ServerName(wanted)} already.");
        else
            Feed(situation, e.SetId, new SetEvent.MoveWanted(wanted, $"{e.By} moves the primary{Words.Because(e.Why)}"), asked: true);
    }

    public static void Force(Situation situation, ClusterEvent.PrimaryForced e)
    {
        if (!situation.Sets.TryGetValue(e.SetId, out var state))
            return;
        var alive = state.Set.Electorate.Voters.Where(v => state.Voters.TryGetValue(v, out var heard) && situation.Now - heard.At < 2 * Rules.FreshFor).Append(e.ServerId);
        Feed(situation, e.SetId, new SetEvent.Forced(e.ServerId, [.. alive.Distinct(StringComparer.Ordinal)], $"{e.By} decided so{Words.Because(e.Why)}"), asked: true);
    }

    /// <param name="asked">A person waits for an answer: what cannot be done is refused rather than told.</param>
    public static void Feed(Situation situation, string setId, SetEvent what, bool asked = false)
    {
        if (!situation.Sets.TryGetValue(setId, out var state))
            return;
        var judges = situation.Doubt.FrozenSince is null && situation.Paused(serviceId: setId) is null;
        var decision = SetCare.Handle(state, what, Rules, judges, situation.Now);
        var next = situation.Sets[setId] = decision.State;
        if (decision.Persist == Persist.StateFirst)
        {
            situation.State.Sets.Put(setId, next.Set);
            Story(situation, state.Set, next.Set);
            // Where the primary is, brokers are to know; whose vote counts, agents.
            if (next.Set.Phase != state.Set.Phase)
                situation.Changes.TellBalancers();
            situation.PartsDue |= next.Set.Phase == SetPhase.Serving && state.Set.Phase != SetPhase.Serving;
            if (next.Set.Electorate.Version != state.Set.Electorate.Version)
                Tell(situation, next.Set);
        }

        situation.SetWakes.At(setId, next.NextAct);
        foreach (var effect in decision.Effects)
            CarryOut(situation, next.Set, effect, asked);
    }

    private static void CarryOut(Situation situation, ReplicatedSet set, SetEffect effect, bool asked)
    {
        (string Server, SetOrder Order)? order = effect switch
        {
            SetEffect.AskPromise ask => (ask.Voter, Order(SetOrderKind.AskPromise, ask.Epoch)),
            SetEffect.AskReport ask => (ask.Member, Order(SetOrderKind.AskReport, ask.Epoch)),
            SetEffect.Promote p => (p.Member, Order(SetOrderKind.Promote, p.Epoch) with { Version = p.Electorate.Version, Voters = p.Electorate.Voters, MayBeEmpty = p.MayBeEmpty }),
            SetEffect.Follow follow => (follow.Member, Order(SetOrderKind.Follow, follow.Epoch) with { Primary = follow.Primary }),
            SetEffect.GiveUp give => (give.Member, Order(SetOrderKind.GiveUp, give.Epoch)),
            SetEffect.UseElectorate use => (use.Member, Order(SetOrderKind.UseElectorate, use.Epoch) with { Version = use.Electorate.Version, Voters = use.Electorate.Voters }),
            _ => null,
        };
        if (order is { } told)
            situation.Changes.Do(new ClusterEffect.OrderSet(told.Server, told.Order));
        else if (effect is SetEffect.NeedsPerson person && asked)
            Refuse(situation, "cannot-move", Named(situation, set, person.Why));
        else if (effect is SetEffect.NeedsPerson needs)
            situation.Say(Weight.Trouble, Subject(situation, set), Named(situation, set, needs.Why));

        SetOrder Order(SetOrderKind kind, long epoch) => new() { SetId = set.Id, Kind = kind, Epoch = epoch };
    }

    /// <summary>A server's address, or where its agent answers, has changed: its peers must know.</summary>
    public static void Moved(Situation situation, string serverId)
    {
        foreach (var set in situation.State.Sets.Values.Where(s => Seats(s).Contains(serverId, StringComparer.Ordinal)))
            Tell(situation, set);
    }

    /// <summary>Everybody with a copy or a vote, now or wanted.</summary>
    public static IEnumerable<string> Seats(ReplicatedSet set) => set.Members.Concat(set.Electorate.Voters).Concat(set.WantedVoters).Distinct(StringComparer.Ordinal);

    private static void Tell(Situation situation, ReplicatedSet set)
    {
        foreach (var server in Seats(set))
            situation.Changes.TellAgent(server);
    }

    private static void Story(Situation situation, ReplicatedSet before, ReplicatedSet after)
    {
        if (after.Phase == SetPhase.Electing && before.Phase is SetPhase.Serving)
            situation.Say(Weight.Warning, Subject(situation, after), Named(situation, after, $"A primary is looked for: {after.Why}. Epoch {after.Epoch}."));
        if (after.Phase == SetPhase.Serving && before.Phase != SetPhase.Serving)
            situation.Say(Weight.Good, Subject(situation, after), $"{situation.ServerName(after.Primary!)} is primary in epoch {after.Epoch}.");
    }

    private static string Subject(Situation situation, ReplicatedSet set) => $"space/{situation.State.Objects.Space(set.Id)?.Name ?? set.Id}";

    /// <summary>The machines know servers and sets by id; people by name.</summary>
    private static string Named(Situation situation, ReplicatedSet set, string text)
    {
        foreach (var id in Seats(set).OrderByDescending(id => id.Length))
            text = text.Replace(id, situation.ServerName(id), StringComparison.Ordinal);
        return text.Replace(set.Id, situation.State.Objects.Space(set.Id)?.Name ?? set.Id, StringComparison.Ordinal);
    }

    private static void Refuse(Situation situation, string code, string reason) => situation.Changes.Refused = new Failure(code, reason);
}
