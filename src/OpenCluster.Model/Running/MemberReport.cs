namespace OpenCluster.Model.Running;

/// <summary>What a copy of a replicated set is doing.</summary>
public enum MemberRole
{
    /// <summary>Runs, without an order in its epoch: takes no writes. So every copy starts.</summary>
    Fenced,
    Follows,
    Primary,
    /// <summary>Was primary in <see cref="MemberReport.Epoch"/>; its process ended, or its check fails.</summary>
    Ended,
    /// <summary>Does not run.</summary>
    Down,
}

/// <summary>What an agent says of the copy beside it.</summary>
public sealed record MemberReport
{
    public required string Member { get; init; }

    public MemberRole Role { get; init; }

    /// <summary>Newest epoch it was given an order in. Kept on disk by the agent: orders of older ones are refused.</summary>
    public long Epoch { get; init; }

    /// <summary>Whom it follows.</summary>
    public string? Follows { get; init; }

    /// <summary>Epoch of the last primary with whose history its data agrees; 0 for an empty copy, or one that is still being filled.</summary>
    public long Lineage { get; init; }

    /// <summary>How far it has got in that history.</summary>
    public long Offset { get; init; }

    /// <summary>Version of the electorate its lease is kept with; primaries only.</summary>
    public long ElectorateVersion { get; init; }

    /// <summary>Answers the question of this epoch: taken after that was asked. 0 for a report nobody asked for.</summary>
    public long Answers { get; init; }

    /// <summary>For how long a follower has heard nothing of its primary; for people.</summary>
    public TimeSpan Silence { get; init; }

    /// <summary>What is wrong, in words; null when nothing is.</summary>
    public string? Trouble { get; init; }

    public bool HasData => Lineage > 0;
}
