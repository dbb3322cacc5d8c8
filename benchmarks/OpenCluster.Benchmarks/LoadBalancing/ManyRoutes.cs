using OpenCluster.Benchmarks.Machine;
using OpenCluster.Benchmarks.Reporting;

namespace OpenCluster.Benchmarks.LoadBalancing;

/// <summary>Ours with 10,000 routes beside ours with ten: a request must cost the same. Two processes, rounds in turn.</summary>
internal sealed class ManyRoutes(string executable, BenchSettings settings, TextWriter progress, TimeProvider time)
{
    private const int Many = 10_000;
    private const int Few = 10;

    /// <summary>What a noisy machine makes of the same twice, and the processor's cache of a larger table.</summary>
    private const double Bound = 1.1;

    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(20);

    public async Task<Row> RunAsync(CancellationToken ct)
    {
        using var work = new WorkDirectory();
        var load = Workload.All[0];
        var ports = FreePorts.Take(5);
        await using var backend = Peers.Backend(work, load, ports[0]);
        await backend.ListeningAsync(ports[0], StartTime, time, ct).ConfigureAwait(false);
        await Command.PinAsync(backend.Pids, LoadBalancerBench.LoadCpu, ct).ConfigureAwait(false);
        await using var many = OurBalancer.Start(executable, work, load, ports[1], ports[2], ports[0], Many);
        await using var few = OurBalancer.Start(executable, work, load, ports[3], ports[4], ports[0], Few);
        (Child Child, int Port, List<double> Costs)[] both = [(many, ports[1], []), (few, ports[3], [])];
        foreach (var (child, port, _) in both)
        {
            await child.ListeningAsync(port, StartTime, time, ct).ConfigureAwait(false);
            await Command.PinAsync(child.Pids, LoadBalancerBench.ProxyCpu, ct).ConfigureAwait(false);
            await Wrk.RunAsync(load, port, LoadBalancerBench.WarmUp, LoadBalancerBench.LoadCpu, ct).ConfigureAwait(false);
        }
        for (var round = 0; round < settings.Rounds; round++)
        {
            progress.WriteLine($"{Many} routes and {Few}: round {round + 1} of {settings.Rounds}");
            foreach (var (child, port, costs) in both)
            {
                var before = Proc.CpuSeconds(child.Pids);
                var result = await Wrk.RunAsync(load, port, settings.Length ?? LoadBalancerBench.Round, LoadBalancerBench.LoadCpu, ct).ConfigureAwait(false);
                costs.Add((Proc.CpuSeconds(child.Pids) - before) / result.Requests * 1e6);
            }
        }
        return Row.Against("10,000 routes, 66 B", both[0].Costs.Median(), "10 routes", both[1].Costs.Median(), "CPU µs/request", Bound);
    }
}
