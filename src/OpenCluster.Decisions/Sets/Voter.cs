namespace OpenCluster.Decisions.Sets;

/// <summary>
/// One agent's vote on one set. It grants write leases to the primary of an epoch, to one holder at a time; and it promises newer
/// epochs that it will grant older ones nothing more.
/// </summary>
/// <remarks>
/// Two holders could each have a majority of grants only if some voter had granted both at once, which none does: that alone keeps two
/// primaries from acknowledging together. The promise adds that no lease of an older epoch can be had any more, so that what the copies
/// hold after the last one ran out contains everything ever acknowledged in it.
/// </remarks>
public sealed record Voter
{
    /// <summary>Nothing older is granted. Must be on disk before anybody is told.</summary>
    public long Promised { get; init; }

    /// <summary>Epoch and holder of the last grant. On disk too: after a restart only that holder is granted at once.</summary>
    public long Epoch { get; init; }

    public string? Holder { get; init; }

    /// <summary>End of the last grant, on this voter's clock. Memory only.</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary>The holder gave the last grant back: its epoch is over, also for relays that still ask in its name. Memory only; who forgets it waits longer.</summary>
    public bool Returned { get; init; }

    /// <summary>Last sign of life of the primary; the start of this voter before the first. Memory only.</summary>
    public DateTimeOffset HeardAt { get; init; }

    /// <summary>A voter that starts (again) must believe that it granted its last lease a moment ago.</summary>
    public static Voter Start(Voter? onDisk, LeaseRules rules, DateTimeOffset now) =>
        (onDisk ?? new Voter()) with { Returned = false, HeardAt = now, Until = onDisk?.Holder is null ? now : now + rules.Length };
}

/// <summary>What a voter is asked.</summary>
public abstract record VoterEvent
{
    /// <summary>A lease for the primary of an epoch, asked for by its agent or by a relay that acknowledges writes in its name.</summary>
    /// <param name="AskedAt">On the asker's clock; it comes back with the answer.</param>
    public sealed record LeaseAsked(long Epoch, string Holder, string Asker, DateTimeOffset AskedAt) : VoterEvent;

    /// <summary>The primary has stopped and acknowledges nothing more in this epoch; nobody need wait for its lease.</summary>
    public sealed record LeaseReturned(long Epoch, string Holder) : VoterEvent;

    /// <summary>Another sign that the primary lives: its replication stream moves.</summary>
    public sealed record PrimaryHeard(long Epoch) : VoterEvent;

    /// <summary>A controller took this epoch from the store and wants no older one to be granted.</summary>
    public sealed record PromiseAsked(long Epoch) : VoterEvent;
}

/// <summary>What a voter answers.</summary>
public abstract record VoterEffect
{
    public sealed record Grant(string Asker, long Epoch, DateTimeOffset AskedAt) : VoterEffect;

    /// <summary>No lease: the epoch is over, or another holder's grant is not out yet.</summary>
    public sealed record Refuse(string Asker, long Epoch, long Promised) : VoterEffect;

    /// <param name="LeaseLeft">How long a lease of an older epoch may still count, from now on.</param>
    public sealed record Promise(long Epoch, TimeSpan LeaseLeft) : VoterEffect;

    /// <summary>A newer epoch has been promised already.</summary>
    public sealed record RefusePromise(long Epoch, long Promised) : VoterEffect;
}
