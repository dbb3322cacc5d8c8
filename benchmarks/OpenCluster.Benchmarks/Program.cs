using System.Globalization;
using System.Text.Json;
using OpenCluster.Benchmarks;
using OpenCluster.Benchmarks.Control;
using OpenCluster.Benchmarks.Data;
using OpenCluster.Benchmarks.Failover;
using OpenCluster.Benchmarks.Footprint;
using OpenCluster.Benchmarks.LoadBalancing;
using OpenCluster.Benchmarks.Machine;
using OpenCluster.Benchmarks.Publishing;
using OpenCluster.Benchmarks.Reporting;

const string Usage = """
    ./bench lb|footprint|control|data|failover [--json] [--rounds N] [--seconds N] [--agents N]

      lb         the load-balancer beside HAProxy, nginx and Caddy: CPU time per request, latency at a fixed rate; memory
      footprint  size, start and memory of the published executable and of a one-server cluster
      control    1,000 simulated agents against one controller
      data       the data server beside redis-server: time and CPU per operation, memory, recovery
      failover   a space beside Redis with Sentinel: kill -9 of the primary under load, to the next confirmed write

      --json     one JSON object on the last line
      --rounds   rounds per server and workload (lb, data, failover), default 3; failover at least 10
      --seconds  length of a round (lb) or of the watch (control), default 4 and 20
      --agents   default 1,000

    Ends with 0 when every bound was kept, 1 when one was missed, 2 when a figure could not be taken.
    """;

var settings = new BenchSettings();
var json = false;
string? name = null;
for (var i = 0; i < args.Length; i++)
{
    int Number() => i + 1 < args.Length && int.TryParse(args[++i], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : Wrong(args[i]);
    switch (args[i])
    {
        case "--json": json = true; break;
        case "--rounds": settings = settings with { Rounds = Number() }; break;
        case "--seconds": settings = settings with { Length = TimeSpan.FromSeconds(Number()) }; break;
        case "--agents": settings = settings with { Agents = Number() }; break;
        case "lb" or "footprint" or "control" or "data" or "failover" when name is null: name = args[i]; break;
        default: Wrong(args[i]); break;
    }
}

if (name is null) Wrong("nothing");
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => (pressed.Cancel, _) = (true, stop.CancelAsync());
try
{
    // What is said meanwhile goes to standard error, so that standard output is the result alone.
    var executable = await SingleFile.PublishAsync(Console.Error, stop.Token).ConfigureAwait(false);
    var report = new Report(name!, name switch
    {
        "lb" => await new LoadBalancerBench(executable.Path, settings, Console.Error, TimeProvider.System).RunAsync(stop.Token).ConfigureAwait(false),
        "data" => await new DataBench(executable.Path, settings, Console.Error, TimeProvider.System).RunAsync(stop.Token).ConfigureAwait(false),
        "failover" => await new FailoverBench(executable.Path, settings, Console.Error, TimeProvider.System).RunAsync(stop.Token).ConfigureAwait(false),
        "footprint" => await new FootprintBench(executable, Console.Error, TimeProvider.System).RunAsync(stop.Token).ConfigureAwait(false),
        _ => await new ControlBench(executable.Path, settings, Console.Error, TimeProvider.System).RunAsync(stop.Token).ConfigureAwait(false),
    });
    Console.WriteLine(Table.Of(report));
    if (json) Console.WriteLine(JsonSerializer.Serialize(report, ReportJson.Default.Report));
    return report.Rows.All(r => r.Ok) ? 0 : 1;
}
catch (BenchException failed)
{
    await Console.Error.WriteLineAsync("error: " + failed.Message).ConfigureAwait(false);
    return 2;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}

static int Wrong(string word)
{
    Console.Error.WriteLine($"error: {word} is not what ./bench takes.\n\n{Usage}");
    Environment.Exit(2);
    return 0;
}
