using System.Collections.Immutable;
using System.Globalization;

namespace OpenCluster.Model.Balancing;

/// <summary>
/// What one balancer tells another, as question and as answer: what the other has not heard yet, and up to where it has heard itself. Safe to
/// repeat, to lose, and to hear late.
/// </summary>
public sealed record PeerMessage
{
    /// <summary>Instance id of the balancer that speaks.</summary>
    public required string From { get; init; }
    /// <summary>Drawn at each start of its process: numbers count anew then.</summary>
    public long Incarnation { get; init; }
    /// <summary>It holds everything the speaker learnt after this, and up to <see cref="UpTo"/>.</summary>
    public long After { get; init; }
    public long UpTo { get; init; }
    /// <summary>What the speaker has heard of the listener: its incarnation then, and up to where.</summary>
    public long HeardIncarnation { get; init; }
    public long Heard { get; init; }
    public ImmutableArray<PeerLease> Leases { get; init; } = [];
    public ImmutableArray<TargetOpinion> Opinions { get; init; } = [];
    /// <summary>Registrations whose app has connections open to the speaker.</summary>
    public ImmutableArray<string> Lines { get; init; } = [];
    /// <summary>Requests the speaker is at.</summary>
    public int InFlight { get; init; }
}

/// <summary>A lease on its way: with what is left of it instead of when it ends, so that clocks need not agree.</summary>
/// <param name="LeftMilliseconds">At the time of sending.</param>
public sealed record PeerLease(RegistrationLease Lease, long LeftMilliseconds);

/// <summary>What a balancer that checks a target found.</summary>
/// <param name="Target">Id, address and port: <c>reg-1 10.0.0.7:80</c>.</param>
public sealed record TargetOpinion(string Target, bool Up)
{
    /// <summary>What a target is called among balancers.</summary>
    public static string NameOf(string id, string address, int port) => string.Create(CultureInfo.InvariantCulture, $"{id} {address}:{port}");
}
