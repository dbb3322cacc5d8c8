using System.Collections.Immutable;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Running;

/// <summary>A server's part in one replicated set: a copy and a vote, or a witness's vote alone.</summary>
public sealed record SetSeat
{
    /// <summary>Id of the space.</summary>
    public required string SetId { get; init; }
    public required DataSpace Space { get; init; }
    /// <summary>The instance that is this server's copy; null for a witness.</summary>
    public string? Instance { get; init; }
    /// <summary>Everybody with a copy or a vote, this server among them.</summary>
    public ImmutableArray<SetPeer> Peers { get; init; } = [];
    /// <summary>Passwords of the set; null in what is compared and stored, filled in for the agent alone.</summary>
    public SetPasswords? Passwords { get; init; }
}

/// <summary>Somebody with a copy or a vote.</summary>
/// <param name="VotePort">Where its agent answers other agents; 0 while that is not known.</param>
/// <param name="DataPort">Where its copy listens; 0 for a witness.</param>
public sealed record SetPeer(string ServerId, string Address, int VotePort, int DataPort);

/// <param name="App">Of the user <c>app</c>: reads and writes.</param>
/// <param name="Own">Of the user <c>opencluster</c>, with which agents and replicas speak.</param>
public sealed record SetPasswords(string App, string Own);

public enum SetOrderKind { AskPromise, AskReport, Promote, Follow, GiveUp, UseElectorate }

/// <summary>What the controller asks of one server about one set. All of it may be repeated, and may get lost.</summary>
public sealed record SetOrder
{
    public required string SetId { get; init; }
    public required SetOrderKind Kind { get; init; }
    public required long Epoch { get; init; }
    /// <summary>Whom to follow.</summary>
    public string? Primary { get; init; }
    /// <summary>Of the electorate, when it is told.</summary>
    public long Version { get; init; }
    public ImmutableArray<string> Voters { get; init; } = [];
    public bool MayBeEmpty { get; init; }
}

/// <summary>What an agent says about one set: any of these.</summary>
public sealed record SetWord
{
    public required string SetId { get; init; }
    public MemberReport? Report { get; init; }
    public VoterWord? Vote { get; init; }
    public PromiseWord? Promise { get; init; }
}

/// <param name="Epoch">The newest that it promised.</param>
/// <param name="HeardAgo">For how long it has had no sign of that epoch's primary.</param>
public sealed record VoterWord(long Epoch, TimeSpan HeardAgo);

/// <param name="LeaseLeft">How long a lease of an older epoch may still count.</param>
/// <param name="Newer">It is refused: this newer epoch has been promised already. 0 when it is given.</param>
public sealed record PromiseWord(long Epoch, TimeSpan LeaseLeft, long Newer = 0);

/// <summary>An agent's words, in the order in which they were said.</summary>
public sealed record SetWords
{
    public required ImmutableArray<SetWord> Words { get; init; }
}
