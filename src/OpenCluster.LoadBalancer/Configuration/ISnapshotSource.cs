using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Configuration;

/// <summary>Where a balancer hears what to serve, and says how it goes. Both may fail for as long as they like: the balancer serves on.</summary>
public interface ISnapshotSource
{
    /// <summary>Snapshots newer than the given revision, for as long as the token lives; comes back by itself when the connection is lost.</summary>
    IAsyncEnumerable<BalancerSnapshot> WatchAsync(long afterRevision, CancellationToken ct);

    /// <summary>Throws when it cannot be delivered; the next one says the same and more.</summary>
    Task ReportAsync(BalancerReport report, CancellationToken ct);
}
