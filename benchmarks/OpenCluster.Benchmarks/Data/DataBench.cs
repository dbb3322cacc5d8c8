using System.Globalization;
using OpenCluster.Benchmarks.Machine;
using OpenCluster.Benchmarks.Reporting;

namespace OpenCluster.Benchmarks.Data;

/// <summary>
/// Our data server beside redis-server, both with a log that is synced once a second (and once with every write), each pinned to CPU 0
/// and driven in turn by redis-benchmark on CPU 1: (1) rounds of load, interleaved; (2) a million keys: memory, the longest stop of a
/// snapshot, the time of a restart.
/// </summary>
internal sealed class DataBench(string executable, BenchSettings settings, TextWriter progress, TimeProvider time)
{
    private const int ServerCpu = 0;
    private const int Million = 1_000_000;
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);

    /// <summary>How long commands may wait for any part of a snapshot at a million keys.</summary>
    private const double StopBoundMilliseconds = 5;

    /// <summary>What a million values of 64 bytes may take beside Redis.</summary>
    private const double MemoryBound = 1.3;

    /// <param name="Work">What is done.</param>
    /// <param name="Test">As redis-benchmark has it.</param>
    /// <param name="Time">The most time per operation, as a multiple of Redis's.</param>
    /// <param name="Cpu">The most CPU per operation, as a multiple of Redis's.</param>
    private sealed record Load(string Work, string Test, int Count, int Clients, int Pipeline, int Bytes, double Time, double Cpu);

    private static readonly Load[] EverySecond =
    [
        new("GET 64 B, 50 clients", "get", 100_000, 50, 1, 64, 1 / 0.97, 1.0),
        new("SET 64 B, 50 clients", "set", 100_000, 50, 1, 64, 1 / 0.97, 1.0),
        new("GET 64 B, 1 client", "get", 20_000, 1, 1, 64, 1 / 0.97, 1.0),
        new("SET 64 B, 1 client", "set", 20_000, 1, 1, 64, 1 / 0.97, 1.0),
        new("GET 16 KB, 50 clients", "get", 50_000, 50, 1, 16 * 1024, 1 / 0.97, 1.0),
        new("SET 16 KB, 50 clients", "set", 50_000, 50, 1, 16 * 1024, 1 / 0.97, 1.0),
        new("GET 64 B, pipeline 16", "get", 1_000_000, 50, 16, 64, 1 / 1.5, 1 / 1.5),
        new("SET 64 B, pipeline 16", "set", 1_000_000, 50, 16, 64, 1 / 1.5, 1 / 1.5),
    ];

    private static readonly Load[] Always = [new("SET 64 B, 50 clients, fsync always", "set", 20_000, 50, 1, 64, 1, 1.5)];

    public async Task<IReadOnlyList<Row>> RunAsync(CancellationToken ct)
    {
        using var work = new WorkDirectory();
        var rows = new List<Row>();
        rows.AddRange(await SideBySideAsync(work.Path, "everysec", EverySecond, ct).ConfigureAwait(false));
        rows.AddRange(await SideBySideAsync(work.Path, "always", Always, ct).ConfigureAwait(false));
        rows.AddRange(await MillionAsync(work.Path, ct).ConfigureAwait(false));
        return rows;
    }

    private async Task<IEnumerable<Row>> SideBySideAsync(string directory, string fsync, Load[] loads, CancellationToken ct)
    {
        var ports = FreePorts.Take(2);
        await using var redis = await RedisAsync(directory, "redis-" + fsync, ports[0], fsync, ct).ConfigureAwait(false);
        await using var ours = await OursAsync(directory, "ours-" + fsync, ports[1], fsync, ct).ConfigureAwait(false);
        var rows = new List<Row>();
        foreach (var load in loads)
        {
            progress.WriteLine($"{load.Work} ...");
            var (theirTimes, ourTimes) = (new List<(double Time, double Cpu)>(), new List<(double Time, double Cpu)>());
            await RoundAsync(redis, ports[0], load, ct).ConfigureAwait(false);
            await RoundAsync(ours, ports[1], load, ct).ConfigureAwait(false);
            for (var i = 0; i < settings.Rounds; i++)
            {
                theirTimes.Add(await RoundAsync(redis, ports[0], load, ct).ConfigureAwait(false));
                ourTimes.Add(await RoundAsync(ours, ports[1], load, ct).ConfigureAwait(false));
            }
            rows.Add(Row.Against(load.Work, ourTimes.Select(t => t.Time).Median(), "Redis", theirTimes.Select(t => t.Time).Median(), "µs", load.Time));
            rows.Add(Row.Against(load.Work + ", CPU", ourTimes.Select(t => t.Cpu).Median(), "Redis", theirTimes.Select(t => t.Cpu).Median(), "µs", load.Cpu));
        }
        return rows;
    }

    /// <summary>Microseconds per operation, and of CPU.</summary>
    private static async Task<(double Time, double Cpu)> RoundAsync(Child server, int port, Load load, CancellationToken ct)
    {
        var before = Proc.CpuSeconds([server.Pid]);
        var perSecond = await RedisBenchmark.RunAsync(port, load.Test, load.Count, load.Clients, load.Pipeline, load.Bytes, ct).ConfigureAwait(false);
        return (1e6 / perSecond, (Proc.CpuSeconds([server.Pid]) - before) / load.Count * 1e6);
    }

    private async Task<IEnumerable<Row>> MillionAsync(string directory, CancellationToken ct)
    {
        var ports = FreePorts.Take(2);
        progress.WriteLine("A million keys ...");
        double theirMemory, ourMemory, stop;
        await using (var redis = await RedisAsync(directory, "redis-million", ports[0], "everysec", ct).ConfigureAwait(false))
        {
            await RedisBenchmark.FillAsync(directory, ports[0], Million, ct).ConfigureAwait(false);
            theirMemory = Proc.ResidentBytes([redis.Pid]);
        }
        await using (var ours = await OursAsync(directory, "ours-million", ports[1], "everysec", ct).ConfigureAwait(false))
        {
            await RedisBenchmark.FillAsync(directory, ports[1], Million, ct).ConfigureAwait(false);
            ourMemory = Proc.ResidentBytes([ours.Pid]);
            stop = await SnapshotStopAsync(ours, ports[1], ct).ConfigureAwait(false);
        }
        var theirStart = await RestartAsync(() => RedisAsync(directory, "redis-million", ports[0], "everysec", ct), ports[0], ct).ConfigureAwait(false);
        var ourStart = await RestartAsync(() => OursAsync(directory, "ours-million", ports[1], "everysec", ct), ports[1], ct).ConfigureAwait(false);
        return
        [
            Row.Against("memory of a million values of 64 B", ourMemory / 1e6, "Redis", theirMemory / 1e6, "MB", MemoryBound),
            Row.Within("longest stop of a snapshot at a million keys, under load", stop, "ms", StopBoundMilliseconds),
            Row.Against("start with a million keys", ourStart, "Redis", theirStart, "s", 1),
        ];
    }

    /// <summary>Milliseconds: a snapshot while writes go on.</summary>
    private async Task<double> SnapshotStopAsync(Child ours, int port, CancellationToken ct)
    {
        await Command.OutputAsync("redis-cli", ["-p", $"{port}", "bgrewriteaof"], ct).ConfigureAwait(false);
        await RedisBenchmark.RunAsync(port, "set", 200_000, 50, 1, 64, ct).ConfigureAwait(false);
        var info = "";
        await ours.UntilAsync(async () => (info = await Command.OutputAsync("redis-cli", ["-p", $"{port}", "info", "persistence"], ct).ConfigureAwait(false)).Contains("snapshots_taken:1", StringComparison.Ordinal),
            "its snapshot is complete", StartTime, time, ct).ConfigureAwait(false);
        return double.Parse(info.Split("snapshot_longest_stop_microseconds:")[1].Split('\r')[0], CultureInfo.InvariantCulture) / 1000;
    }

    /// <summary>Seconds from the start to the first answer to a command about the keys.</summary>
    private async Task<double> RestartAsync(Func<Task<Child>> start, int port, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        await using var server = await start().ConfigureAwait(false);
        await server.UntilAsync(async () => (await Command.RunAsync("redis-cli", ["-p", $"{port}", "dbsize"], ct).ConfigureAwait(false)).Output.Trim() == $"{Million}",
            "it has its keys again", StartTime, time, ct).ConfigureAwait(false);
        return time.GetElapsedTime(began).TotalSeconds;
    }

    private async Task<Child> RedisAsync(string directory, string name, int port, string fsync, CancellationToken ct)
    {
        var data = Directory.CreateDirectory(Path.Combine(directory, name + "-data")).FullName;
        return await StartAsync(Child.Start(name, directory, "redis-server", ["--port", $"{port}", "--dir", data, "--save", "", "--appendonly", "yes", "--appendfsync", fsync]), port, ct).ConfigureAwait(false);
    }

    private async Task<Child> OursAsync(string directory, string name, int port, string fsync, CancellationToken ct) =>
        await StartAsync(Child.Start(name, directory, executable, ["data", "--directory", Path.Combine(directory, name + "-data"), "--port", $"{port}", "--fsync", fsync]), port, ct).ConfigureAwait(false);

    private async Task<Child> StartAsync(Child server, int port, CancellationToken ct)
    {
        await server.ListeningAsync(port, StartTime, time, ct).ConfigureAwait(false);
        await Command.PinAsync([server.Pid], ServerCpu, ct).ConfigureAwait(false);
        return server;
    }
}
