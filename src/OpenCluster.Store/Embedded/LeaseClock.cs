namespace OpenCluster.Store.Embedded;

/// <summary>
/// When each lease ends, on the monotonic clock. Not persisted: after a restart every lease begins its whole time again,
/// since nobody could keep it alive while the store was away.
/// </summary>
internal sealed class LeaseClock(TimeProvider time)
{
    private readonly Dictionary<LeaseId, (long KeptAt, TimeSpan TimeToLive)> leases = [];

    /// <summary>Starts a lease, or starts it again.</summary>
    public void Start(LeaseId lease, TimeSpan timeToLive) => leases[lease] = (time.GetTimestamp(), timeToLive);

    public void Remove(LeaseId lease) => leases.Remove(lease);

    public IReadOnlyList<LeaseId> Due() => [.. leases.Where(lease => Left(lease.Value) <= TimeSpan.Zero).Select(lease => lease.Key)];

    /// <summary>How long until the next one is due; null when there is none.</summary>
    public TimeSpan? UntilNext() => leases.Count == 0 ? null : leases.Values.Min(Left);

    private TimeSpan Left((long KeptAt, TimeSpan TimeToLive) lease) => lease.TimeToLive - time.GetElapsedTime(lease.KeptAt);
}
