using System.Collections.Immutable;

namespace OpenCluster.Decisions.Sets;

/// <summary>
/// The right to acknowledge writes of one epoch, as one asker knows it: the agent beside the primary, or a relay that acknowledges in
/// the primary's name. Held while grants of a majority have not run out; who holds none acknowledges nothing.
/// </summary>
public sealed record WriteLease
{
    public required string Asker { get; init; }

    /// <summary>The primary of the epoch.</summary>
    public required string Holder { get; init; }

    public required long Epoch { get; init; }

    public required Electorate Electorate { get; init; }

    /// <summary>Until when each voter's grant counts, on the asker's clock.</summary>
    public ImmutableSortedDictionary<string, DateTimeOffset> Until { get; init; } = ImmutableSortedDictionary.Create<string, DateTimeOffset>(StringComparer.Ordinal);

    public DateTimeOffset NextAsk { get; init; }

    /// <summary>Over for good: the process ended, it was given up, or a newer epoch exists. A new lease needs a new epoch.</summary>
    public bool Over { get; init; }

    /// <summary>The moment from which on nothing may be acknowledged unless more grants come.</summary>
    public DateTimeOffset HeldUntil
    {
        get
        {
            if (Over) return DateTimeOffset.MinValue;
            var ends = Electorate.Voters.Select(v => Until.GetValueOrDefault(v, DateTimeOffset.MinValue)).OrderDescending().ToList();
            return ends.Count < Electorate.Majority ? DateTimeOffset.MinValue : ends[Electorate.Majority - 1];
        }
    }

    /// <summary>Asked at the last instant before an acknowledgement leaves, never before the write was made.</summary>
    public bool MayAcknowledge(DateTimeOffset now) => now < HeldUntil;
}

/// <summary>What happens to a lease.</summary>
public abstract record LeaseEvent
{
    public sealed record Granted(string Voter, long Epoch, DateTimeOffset AskedAt) : LeaseEvent;

    public sealed record Refused(string Voter, long Epoch, long Promised) : LeaseEvent;

    public sealed record ElectorateChanged(Electorate Electorate) : LeaseEvent;

    /// <summary>The primary's process ended, or is to be primary no longer. A process that ended is never primary again in its epoch: it may have forgotten what it acknowledged.</summary>
    public sealed record Ended : LeaseEvent;

    public sealed record TimePassed : LeaseEvent;
}

/// <summary>What a lease's keeper does.</summary>
public abstract record LeaseEffect
{
    public sealed record Ask(string Voter, long Epoch, string Holder, DateTimeOffset AskedAt) : LeaseEffect;

    /// <summary>Only after <see cref="StopWrites"/> is done: who hears this grants to others at once, whatever relays still hold.</summary>
    public sealed record Return(string Voter, long Epoch, string Holder) : LeaseEffect;

    /// <summary>
    /// Make sure that the server takes and confirms nothing more: refuse writes and cut its clients, so that a confirmation that still
    /// waits for replicas is never sent. Of a process that ended there is nothing to do. Repeated is harmless.
    /// </summary>
    public sealed record StopWrites : LeaseEffect;
}
