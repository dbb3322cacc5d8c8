using OpenCluster.Benchmarks.Machine;
using OpenCluster.Benchmarks.Reporting;

namespace OpenCluster.Benchmarks.LoadBalancing;

/// <summary>
/// CPU time of the proxy per request, ours and the peers'. For each workload: (1) backend and proxies start; (2) each proxy is pinned
/// to CPU 0, backend and generator to CPU 1; (3) each is warmed up; (4) rounds are interleaved, so that what disturbs the machine
/// disturbs all; (5) medians. CPU time, not requests/s, because it is what is left for the services beside the balancer, and because
/// the generator is the bottleneck of a fast proxy.
/// </summary>
internal sealed class LoadBalancerBench(string executable, BenchSettings settings, TextWriter progress, TimeProvider time)
{
    /// <summary>Peers that the table sets no bound for: the goal is to be ahead of them.</summary>
    private const double Ahead = 1;

    /// <summary>Of the slower one's capacity: busy, and not yet queueing for ever.</summary>
    private const double FixedShare = 0.7;
    internal const int ProxyCpu = 0;
    internal const int LoadCpu = 1;
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(10);

    /// <summary>Load before the first round, for compilers and connection pools.</summary>
    internal static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(8);

    /// <summary>Hundreds of times the kernel's accounting step of 10 ms, so that the step is no part of the error.</summary>
    internal static readonly TimeSpan Round = TimeSpan.FromSeconds(4);

    /// <param name="Tree">The proxy's processes, as they were after its start.</param>
    private sealed record Proxy(string Name, int Port, IReadOnlyList<int> Tree)
    {
        public List<double> CpuMicroseconds { get; } = [];
        public List<double> PerSecond { get; } = [];
        public List<double> P99 { get; } = [];
    }

    public async Task<IReadOnlyList<Row>> RunAsync(CancellationToken ct)
    {
        if (Environment.ProcessorCount < 2) throw new BenchException("Two CPUs are needed: one for the proxy, one for load and backend.");
        var rows = new List<Row>();
        foreach (var load in Workload.All) rows.AddRange(await MeasureAsync(load, ct).ConfigureAwait(false));
        rows.Add(await new ManyRoutes(executable, settings, progress, time).RunAsync(ct).ConfigureAwait(false));
        rows.AddRange(await new HeldConnections(executable, progress, time).RunAsync(ct).ConfigureAwait(false));
        return rows;
    }

    private async Task<IEnumerable<Row>> MeasureAsync(Workload load, CancellationToken ct)
    {
        using var work = new WorkDirectory();
        work.Write("www/body", new string('x', load.BodyBytes));
        if (load.IsSecure) Certificates.Write(work, time);
        var children = new List<Child>();
        try
        {
            var proxies = await StartAsync(load, work, children, ct).ConfigureAwait(false);
            foreach (var proxy in proxies) await Wrk.RunAsync(load, proxy.Port, WarmUp, LoadCpu, ct).ConfigureAwait(false);
            for (var round = 0; round < settings.Rounds; round++)
            {
                progress.WriteLine($"{load.Name}: round {round + 1} of {settings.Rounds}");
                // Each round begins with another proxy, so that none always follows the same one.
                for (var i = 0; i < proxies.Count; i++) await RoundAsync(load, proxies[(round + i) % proxies.Count], ct).ConfigureAwait(false);
            }

            progress.WriteLine(Table.Aligned([load.Name, "CPU µs", "requests/s", "p99 ms", "resident MB"], proxies.Select(Line)));
            var ours = proxies.Single(p => p.Name == OurBalancer.Name);
            var judge = load.Static ? "nginx" : "haproxy";
            List<Row> rows = [.. proxies.Where(p => p != ours).Select(peer =>
                Row.Against(load.Name, ours.CpuMicroseconds.Median(), peer.Name, peer.CpuMicroseconds.Median(), "CPU µs/request", peer.Name == judge ? load.Bound : Ahead))];
            if (load.FixedRate) rows.AddRange(await LatenciesAsync(work.Path, ours, proxies.Single(p => p.Name == judge), ct).ConfigureAwait(false));
            return rows;
        }
        finally
        {
            foreach (var child in children) await child.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<Proxy>> StartAsync(Workload load, WorkDirectory work, List<Child> children, CancellationToken ct)
    {
        var ports = FreePorts.Take(6);
        var backend = ports[0];
        async Task<Child> StartedAsync(Child child, int port, int cpu)
        {
            children.Add(child);
            await child.ListeningAsync(port, StartTime, time, ct).ConfigureAwait(false);
            await Command.PinAsync(child.Pids, cpu, ct).ConfigureAwait(false);
            return child;
        }

        await StartedAsync(Peers.Backend(work, load, backend), backend, LoadCpu).ConfigureAwait(false);
        var proxies = new List<(Child Child, int Port)> { (OurBalancer.Start(executable, work, load, ports[1], ports[5], backend), ports[1]) };
        if (Peers.Nginx(work, load, ports[2], backend) is { } nginx) proxies.Add((nginx, ports[2]));
        if (Peers.HaProxy(work, load, ports[3], backend) is { } haproxy) proxies.Add((haproxy, ports[3]));
        if (Peers.Caddy(work, load, ports[4], backend) is { } caddy) proxies.Add((caddy, ports[4]));
        foreach (var (child, port) in proxies) await StartedAsync(child, port, ProxyCpu).ConfigureAwait(false);
        return [.. proxies.Select(p => new Proxy(p.Child.Name, p.Port, p.Child.Pids))];
    }

    private async Task RoundAsync(Workload load, Proxy proxy, CancellationToken ct)
    {
        var before = Proc.CpuSeconds(proxy.Tree);
        var result = await Wrk.RunAsync(load, proxy.Port, settings.Length ?? Round, LoadCpu, ct).ConfigureAwait(false);
        proxy.CpuMicroseconds.Add((Proc.CpuSeconds(proxy.Tree) - before) / result.Requests * 1e6);
        proxy.PerSecond.Add(result.PerSecond);
        proxy.P99.Add(result.P99Milliseconds);
    }

    private async Task<IEnumerable<Row>> LatenciesAsync(string directory, Proxy ours, Proxy peer, CancellationToken ct)
    {
        var rate = FixedShare * Math.Min(ours.PerSecond.Median(), peer.PerSecond.Median());
        var results = new List<(FixedRate.Result Ours, FixedRate.Result Peer)>();
        for (var round = 0; round < settings.Rounds; round++)
        {
            progress.WriteLine($"{rate:0} requests/s: round {round + 1} of {settings.Rounds}");
            var length = settings.Length ?? Round;
            results.Add((await FixedRate.RunAsync(directory, ours.Port, rate, length, LoadCpu, ct).ConfigureAwait(false),
                await FixedRate.RunAsync(directory, peer.Port, rate, length, LoadCpu, ct).ConfigureAwait(false)));
        }
        return
        [
            Row.Against("p99 at a fixed rate", results.Select(r => r.Ours.P99Milliseconds).Median(), peer.Name, results.Select(r => r.Peer.P99Milliseconds).Median(), "ms", 1),
            Row.Against("p99.9 at a fixed rate", results.Select(r => r.Ours.P999Milliseconds).Median(), peer.Name, results.Select(r => r.Peer.P999Milliseconds).Median(), "ms", 1),
        ];
    }

    private static string[] Line(Proxy proxy) =>
    [
        proxy.Name, $"{proxy.CpuMicroseconds.Median():0.00}", $"{proxy.PerSecond.Median():0}", $"{proxy.P99.Median():0.00}", $"{Proc.ResidentBytes(proxy.Tree) >> 20}",
    ];
}
