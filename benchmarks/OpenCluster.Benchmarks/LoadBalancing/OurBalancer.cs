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

    private const int UsualRoutes = 1000;
    private const string Id = "bench-1";

    /// <param name="metrics">Port of its own metrics.</param>
    /// <param name="routes">Of them one is asked for. All have the same target, as an owner's many names for one app do.</param>
    public static Child Start(string executable, WorkDirectory work, Workload load, int port, int metrics, int backend, int routes = UsualRoutes)
    {
        var name = $"balancer-{port}";
        work.Write(name + "/snapshot.json", JsonSerializer.Serialize(Snapshot(work, load, port, backend, routes), ModelJson.Default.BalancerSnapshot));
        return Child.Start(Name, work.Path, executable, ["load-balancer", "--directory", Path.Combine(work.Path, name), "--instance", Id],
            ("HOST", "127.0.0.1"), ("PORT", metrics.ToString(CultureInfo.InvariantCulture)));
    }

    private static BalancerSnapshot Snapshot(WorkDirectory work, Workload load, int port, int backend, int routes) => new()
    {
        Balancer = Id,
        Cluster = "bench",
        Revision = 1,
        Generation = "bench",
        Listeners = [new Listener("front", port, load.Speaks switch { Speaks.Tcp => ListenerProtocol.Tcp, Speaks.Http1 => ListenerProtocol.Http, _ => ListenerProtocol.Https }, "127.0.0.1")],
        Certificates = load.IsSecure ? [new Certificate { Name = "front", File = Path.Combine(work.Path, "crt"), Key = Path.Combine(work.Path, "key") }] : [],
        Routes = [.. Enumerable.Range(1, routes - 1).Select(i => Forwarding($"r{i}", $"site-{i}.example.org", backend)), Asked(work, load, backend)],
    };

    private static RoutePlan Asked(WorkDirectory work, Workload load, int backend)
    {
        var asked = Forwarding("asked", "127.0.0.1", backend);
        if (load.Static) return asked with { Targets = [], WebRoot = Path.Combine(work.Path, "www") };
        return load.Speaks == Speaks.Tcp ? asked with { Matches = [], Listeners = ["front"], Check = null } : asked;
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
