using OpenCluster.Api.Client;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Configuration;

/// <summary>The controller as source of snapshots, by its API.</summary>
public sealed class ControllerSource(ApiClient client, string instanceId, Action<string> note, TimeProvider time) : ISnapshotSource
{
    public IAsyncEnumerable<BalancerSnapshot> WatchAsync(long afterRevision, CancellationToken ct) =>
        Reconnecting.WatchAsync<BalancerSnapshot>(
            (last, token) => client.SnapshotsAsync(instanceId, last?.Revision ?? afterRevision, token),
            away => note($"the controller is away, serving on: {away.Message}"),
            time,
            ct);

    public Task ReportAsync(BalancerReport report, CancellationToken ct) => client.ReportBalancerAsync(report, ct);
}
