using System.Globalization;
using System.Text.Json;
using OpenCluster.Benchmarks.Machine;
using OpenCluster.Model;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Benchmarks.LoadBalancing;

/// <summary>
/// Ours with everything on: the published executable, started from a snapshot on disk as after a restart without a controller,
/// 1,000 routes, checks, metrics, and the access log written to a file.
/// </summary>
internal static class OurBalancer
{
    public const string Name = "opencluster";

    private const int Routes = 1000;
    private const string Id = "bench-1";

    public static BalancerSnapshot Snapshot(WorkDirectory work, Workload load, int port, int backend) => new()
    {
        Balancer = Id,
        Cluster = "bench",
        Revision = 1,
        Generation = "bench",
        Listeners = [new Listener("http", port, Address: "127.0.0.1")],
        Routes =
        [
            // 999 that are never asked for, and the one that is. All have the same target, as an owner's many names for one app do.
            .. Enumerable.Range(1, Routes - 1).Select(i => Forwarding($"r{i}", $"site-{i}.example.org", backend)),
            load.Static ? Forwarding($"r{Routes}", "127.0.0.1", backend) with { Targets = [], WebRoot = Path.Combine(work.Path, "www") } : Forwarding($"r{Routes}", "127.0.0.1", backend),
        ],
    };

    /// <param name="metrics">Port of its own metrics.</param>
    public static Child Start(string executable, WorkDirectory work, Workload load, int port, int metrics, int backend)
    {
        var directory = Path.Combine(work.Path, "balancer");
        work.Write("balancer/snapshot.json", JsonSerializer.Serialize(Snapshot(work, load, port, backend), ModelJson.Default.BalancerSnapshot));
        return Child.Start(Name, work.Path, executable, ["load-balancer", "--directory", directory, "--instance", Id],
            ("HOST", "127.0.0.1"), ("PORT", metrics.ToString(CultureInfo.InvariantCulture)));
    }

    private static RoutePlan Forwarding(string id, string host, int backend) => new()
    {
        Id = id,
        Name = id,
        Matches = [new RouteMatch(host)],
        Check = new HealthCheck { Every = TimeSpan.FromSeconds(2) },
        Targets = [new Target { Id = "app-1", Address = "127.0.0.1", Port = backend, Release = 1 }],
    };
}
