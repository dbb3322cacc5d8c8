using OpenCluster.Benchmarks.Machine;

namespace OpenCluster.Benchmarks.Footprint;

/// <summary>
/// A one-server cluster from nothing: <c>opencluster up</c> on a file with one server, one service and one load-balancer, until a
/// request through the balancer is answered by the service; then what controller, agent and load-balancer take when left alone.
/// </summary>
internal static class OneServer
{
    private static readonly TimeSpan ServingTime = TimeSpan.FromSeconds(30);

    /// <summary>At rest: start-up garbage has been collected and given back by then, if it is at all.</summary>
    private static readonly TimeSpan RestTime = TimeSpan.FromSeconds(15);

    /// <param name="Megabytes">Sum of the three processes' proportional set sizes, 10^6 bytes.</param>
    /// <param name="Parts">The three one by one, for a person.</param>
    public sealed record Figures(double ServingMilliseconds, double Megabytes, string Parts);

    public static async Task<Figures> MeasureAsync(string executable, TimeProvider time, CancellationToken ct)
    {
        using var work = new WorkDirectory();
        var port = FreePorts.Take(1)[0];
        work.Write("www/index.html", "served\n");
        // A copy: the service runs as a user of its own, who may not enter the checkout; and its path tells these processes from others.
        var own = Path.Combine(work.Path, "opencluster");
        File.Copy(executable, own);
        var file = work.Write("cluster.yaml", $$$"""
            cluster: footprint
            servers: {only: {roles: all, controller: true}}
            roles: {all: {}}
            services:
              site: {role: all, run: exec {{{own}}} web --root {{{work.Path}}}/www, check: {http: /, every: 100ms}}
            load-balancers:
              edge: {role: all, listen: {{{port}}}}
            routes:
              site: {match: "*"}

            """);
        var started = time.GetTimestamp();
        await using var up = Child.Start("up", work.Path, own, ["up", file, "--directory", Path.Combine(work.Path, "cluster")]);
        using var http = new HttpClient();
        await up.UntilAsync(() => ServedAsync(http, work, port, ct), "the balancer serves", ServingTime, time, ct).ConfigureAwait(false);
        var serving = time.GetElapsedTime(started).TotalMilliseconds;
        await Task.Delay(RestTime, time, ct).ConfigureAwait(false);
        var parts = new[] { "controller", "agent", "load-balancer" }.Select(verb => (Verb: verb, Megabytes: Proc.PssBytes(Proc.WithCommandLine($"{own} {verb} ")) / 1e6)).ToArray();
        if (parts.FirstOrDefault(p => p.Megabytes == 0) is { Verb: { } gone }) throw new BenchException($"There is no {gone} process any more.");
        return new Figures(serving, parts.Sum(p => p.Megabytes), string.Join(", ", parts.Select(p => $"{p.Verb} {p.Megabytes:0.0} MB")));
    }

    private static async Task<bool> ServedAsync(HttpClient http, WorkDirectory work, int port, CancellationToken ct)
    {
        // `up` gives every server a loopback address of its own and notes the network; the first server is .1.
        var network = Path.Combine(work.Path, "cluster", "network");
        if (!File.Exists(network)) return false;
        try
        {
            return await http.GetStringAsync(new Uri($"http://{(await File.ReadAllTextAsync(network, ct).ConfigureAwait(false)).Trim()}.1:{port}/"), ct).ConfigureAwait(false) == "served\n";
        }
        catch (Exception notYet) when (notYet is HttpRequestException or UriFormatException)
        {
            return false;
        }
    }
}
