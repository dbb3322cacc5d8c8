using System.Collections.Immutable;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Sets;

/// <summary>One server's copy of a set, as the agent beside it looks after it.</summary>
public sealed record Copy
{
    public required string Member { get; init; }

    /// <summary>Newest epoch it was asked or ordered in; nothing older is obeyed. On disk before it is obeyed.</summary>
    public long Epoch { get; init; }

    /// <summary>On disk. <see cref="MemberRole.Ended"/> is for the rest of the epoch.</summary>
    public MemberRole Role { get; init; } = MemberRole.Fenced;

    public string? Follows { get; init; }

    /// <summary>While primary: who judges its lease.</summary>
    public Electorate Electorate { get; init; } = new(0, ImmutableArray<string>.Empty);

    /// <summary>Whether its process runs and answers its check. Memory.</summary>
    public bool Alive { get; init; }

    public long Lineage { get; init; }

    public long Offset { get; init; }

    public string? Trouble { get; init; }

    /// <summary>What the controller is told.</summary>
    public MemberReport Report(long answers = 0) => new()
    {
        Member = Member,
        Role = Alive || Role == MemberRole.Ended ? Role : MemberRole.Down,
        Epoch = Epoch,
        Follows = Role == MemberRole.Follows ? Follows : null,
        Lineage = Alive ? Lineage : 0,
        Offset = Alive ? Offset : 0,
        ElectorateVersion = Role == MemberRole.Primary ? Electorate.Version : 0,
        Answers = Alive ? answers : 0,
        Trouble = Trouble,
    };
}

/// <summary>What happens to a copy: orders of a controller, and what its agent sees.</summary>
public abstract record CopyEvent
{
    public sealed record PromoteOrdered(long Epoch, Electorate Electorate, bool MayBeEmpty) : CopyEvent;

    public sealed record FollowOrdered(string Primary, long Epoch) : CopyEvent;

    public sealed record GiveUpOrdered(long Epoch) : CopyEvent;

    public sealed record ElectorateOrdered(long Epoch, Electorate Electorate) : CopyEvent;

    public sealed record ReportAsked(long Epoch) : CopyEvent;

    /// <summary>A process runs, with this data. It starts fenced, whatever it was before.</summary>
    public sealed record ProcessStarted(long Lineage, long Offset) : CopyEvent;

    /// <summary>The agent started and found the process it had left, still in the role it had.</summary>
    public sealed record ProcessFound(long Lineage, long Offset) : CopyEvent;

    /// <summary>It is certainly gone.</summary>
    public sealed record ProcessEnded(string Why) : CopyEvent;

    /// <summary>It lives and does not answer: it may wake at any moment and confirm what it was asked long ago.</summary>
    public sealed record ProcessHangs(string Why) : CopyEvent;

    /// <summary>What the driver reads from the running process.</summary>
    public sealed record Progressed(long Lineage, long Offset) : CopyEvent;
}

/// <summary>What an agent does about a copy. All of it may be repeated.</summary>
public abstract record CopyEffect
{
    /// <summary>Take writes, in this epoch.</summary>
    public sealed record MakePrimary(long Epoch) : CopyEffect;

    public sealed record FollowPrimary(string Primary, long Epoch) : CopyEffect;

    /// <summary>Take no writes, cut clients, follow nobody.</summary>
    public sealed record Fence : CopyEffect;

    public sealed record BeginLease(long Epoch, Electorate Electorate) : CopyEffect;

    /// <summary>It hangs: end it, by force. It may be beyond that, in a system call that does not return.</summary>
    public sealed record Kill : CopyEffect;

    /// <param name="Return">Whether voters may grant to others at once: only when the process is fenced or gone. Otherwise the lease must run out.</param>
    public sealed record EndLease(long Epoch, bool Return) : CopyEffect;

    public sealed record Tell(MemberReport Report) : CopyEffect;
}
