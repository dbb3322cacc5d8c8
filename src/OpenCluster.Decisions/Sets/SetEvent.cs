using System.Collections.Immutable;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Sets;

/// <summary>What the controller hears about a set.</summary>
public abstract record SetEvent
{
    public sealed record Reported(MemberReport Report) : SetEvent;

    /// <param name="HeardAgo">Since when that voter has had no sign of the primary of <paramref name="Epoch"/>.</param>
    public sealed record VoterSaid(string Voter, long Epoch, TimeSpan HeardAgo) : SetEvent;

    public sealed record Promised(string Voter, long Epoch, TimeSpan LeaseLeft) : SetEvent;

    public sealed record PromiseRefused(string Voter, long Epoch, long Newer) : SetEvent;

    public sealed record TimePassed : SetEvent;

    /// <summary>A planned hand-over, by a person or a policy.</summary>
    public sealed record MoveWanted(string Member, string Why) : SetEvent;

    /// <summary>
    /// A person decides where machines must not: this copy becomes primary, judged by these voters alone. What other copies hold beyond
    /// it is lost, and no promise keeps an old primary that still lives from acknowledging.
    /// </summary>
    public sealed record Forced(string Member, ImmutableArray<string> Voters, string Why) : SetEvent;

    public sealed record VotersWanted(ImmutableArray<string> Voters) : SetEvent;
}

/// <summary>What the controller does about a set. All of it may be repeated.</summary>
public abstract record SetEffect
{
    /// <summary>Of a planned move: stop writes, let replicas catch up, return the lease.</summary>
    public sealed record GiveUp(string Member, long Epoch) : SetEffect;

    public sealed record AskPromise(string Voter, long Epoch) : SetEffect;

    public sealed record AskReport(string Member, long Epoch) : SetEffect;

    /// <param name="MayBeEmpty">Only of a new set. Otherwise a copy that has lost its data refuses.</param>
    public sealed record Promote(string Member, long Epoch, Electorate Electorate, bool MayBeEmpty) : SetEffect;

    /// <summary>Follow this primary; what is held beyond the fork is counted, kept aside and reported.</summary>
    public sealed record Follow(string Member, string Primary, long Epoch) : SetEffect;

    /// <summary>The primary's lease is judged by these from now on.</summary>
    public sealed record UseElectorate(string Member, long Epoch, Electorate Electorate) : SetEffect;

    /// <summary>Brokers, relays and balancers learn where the primary is.</summary>
    public sealed record Announce(string Primary, long Epoch, Electorate Electorate) : SetEffect;

    /// <summary>Machines must not go on here; a person has to know.</summary>
    public sealed record NeedsPerson(string Why) : SetEffect;
}
