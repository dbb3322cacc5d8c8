using System.Collections.Immutable;

namespace OpenCluster.Decisions.Sets;

public enum SetPhase
{
    /// <summary>Never had a primary. The first is chosen when every copy has reported: an empty one must not win over data.</summary>
    Forming,
    Serving,
    /// <summary>An epoch is taken; voters are asked for promises, then copies for what they hold.</summary>
    Electing,
    /// <summary>One copy is told to become primary.</summary>
    Promoting,
}

/// <summary>One primary and its copies, as the store knows them: all that must survive the controller. Changed by compare-and-swap only.</summary>
public sealed record ReplicatedSet
{
    public required string Id { get; init; }

    /// <summary>Copies, by the id of the server that holds each.</summary>
    public required ImmutableArray<string> Members { get; init; }

    public required Electorate Electorate { get; init; }

    /// <summary>Whom the owner wants to vote; the electorate goes there one voter at a time.</summary>
    public ImmutableArray<string> WantedVoters { get; init; } = [];

    /// <summary>A write is acknowledged when so many replicas have it. 0 to members − 1.</summary>
    public int Replicas { get; init; }

    public long Epoch { get; init; }

    public SetPhase Phase { get; init; } = SetPhase.Forming;

    /// <summary>Primary of <see cref="Epoch"/> while serving; of the epoch before while electing and promoting.</summary>
    public string? Primary { get; init; }

    /// <summary>Who is being promoted; while electing, whom a planned move would like.</summary>
    public string? Candidate { get; init; }

    /// <summary>Why the present phase began, for people.</summary>
    public string Why { get; init; } = "";

    public DateTimeOffset Since { get; init; }

    /// <summary>Elections since it last served: bounds how fast the next follows.</summary>
    public int Tries { get; init; }

    /// <summary>
    /// Copies that must be heard so that at least one of them holds every acknowledged write: a write is on the primary and
    /// <see cref="Replicas"/> others, and two groups of copies that are together more than all share one.
    /// </summary>
    public int Enough => Members.Length - Replicas;
}
