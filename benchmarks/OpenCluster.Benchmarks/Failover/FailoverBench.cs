using System.Globalization;
using System.Net.Sockets;
using OpenCluster.Benchmarks.Machine;
using OpenCluster.Benchmarks.Reporting;

namespace OpenCluster.Benchmarks.Failover;

/// <summary>
/// A space of ours beside Redis with Sentinel (a second until down), three redis-servers each, in turn: under load the primary's process is killed
/// (SIGKILL), and it is measured when the next write is confirmed by a replica. At the end every confirmed write must be there.
/// </summary>
internal sealed class FailoverBench(string executable, BenchSettings settings, TextWriter progress, TimeProvider time)
{
    /// <summary>Half of Sentinel's time: an agent sees its process end, and no sentinel waits for a second of silence.</summary>
    private const double TimeBound = 0.5;

    private const int LeastRounds = 10;
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(1);

    private sealed record Figures(double Median, double Worst, int Confirmed, int Lost);

    public async Task<IReadOnlyList<Row>> RunAsync(CancellationToken ct)
    {
        using var work = new WorkDirectory();
        var peer = await MeasureAsync(d => StartAsync(new SentinelSet(d, time), s => s.StartAsync(ct)), work.Path, "sentinel", ct).ConfigureAwait(false);
        var ours = await MeasureAsync(d => StartAsync(new OurSet(executable, d, time), s => s.StartAsync(ct)), work.Path, "ours", ct).ConfigureAwait(false);
        progress.WriteLine($"of {peer.Confirmed} writes that a replica of Sentinel's confirmed {peer.Lost} are lost; of {ours.Confirmed} of ours {ours.Lost}");
        return
        [
            Row.Against("kill -9 of the primary to the next confirmed write, median", ours.Median, "Sentinel", peer.Median, "ms", TimeBound),
            Row.Against("the same, worst", ours.Worst, "Sentinel", peer.Worst, "ms", TimeBound),
            Row.Within("confirmed writes lost", ours.Lost, "writes", 0),
        ];
    }

    private static async Task<IRedisSet> StartAsync<T>(T set, Func<T, Task> start) where T : IRedisSet
    {
        try
        {
            await start(set).ConfigureAwait(false);
            return set;
        }
        catch
        {
            await set.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<Figures> MeasureAsync(Func<string, Task<IRedisSet>> start, string work, string name, CancellationToken ct)
    {
        var directory = Directory.CreateDirectory(Path.Combine(work, name)).FullName;
        await using var set = await start(directory).ConfigureAwait(false);
        await using var load = new WriteLoad(set.Copies, set.Password, time, ct);
        var times = new List<double>();
        for (var round = 1; round <= Math.Max(settings.Rounds, LeastRounds); round++)
        {
            await Task.Delay(Warm, time, ct).ConfigureAwait(false);
            times.Add((await KillAsync(set, load, ct).ConfigureAwait(false)).TotalMilliseconds);
            progress.WriteLine($"{set.Name}, round {round}: {times[^1]:0} ms");
            await set.HealAsync(ct).ConfigureAwait(false);
        }

        return new Figures(times.Median(), times.Max(), load.Confirmed.Count, await LostAsync(set, load.Confirmed, ct).ConfigureAwait(false));
    }

    private async Task<TimeSpan> KillAsync(IRedisSet set, WriteLoad load, CancellationToken ct)
    {
        var primary = await PrimaryAsync(set, ct).ConfigureAwait(false);
        var pid = await primary.InfoAsync("server", "process_id", ct).ConfigureAwait(false);
        primary.Dispose();
        var began = time.GetTimestamp();
        await Command.OutputAsync("/bin/sh", ["-c", $"kill -KILL {pid}"], ct).ConfigureAwait(false);
        // Only what began when it was dead: until then the old primary went on confirming.
        var begun = load.Begun;
        while (time.GetElapsedTime(began) < Most)
        {
            if (load.After(began, begun + 1) is { } after) return after;
            await Task.Delay(TimeSpan.FromMilliseconds(5), time, ct).ConfigureAwait(false);
        }

        throw new BenchException($"No write was confirmed within {Most.TotalSeconds:0} s after the primary of {set.Name} was killed.");
    }

    private static async Task<int> LostAsync(IRedisSet set, IReadOnlyList<int> confirmed, CancellationToken ct)
    {
        using var primary = await PrimaryAsync(set, ct).ConfigureAwait(false);
        var lost = 0;
        foreach (var number in confirmed)
            if ((await primary.AskAsync(ct, "GET", $"w:{number}").ConfigureAwait(false)).Text != number.ToString(CultureInfo.InvariantCulture)) lost++;
        return lost;
    }

    private static async Task<RespConnection> PrimaryAsync(IRedisSet set, CancellationToken ct)
    {
        foreach (var copy in set.Copies)
        {
            try
            {
                var connection = await RespConnection.OpenAsync(copy, set.Password, ct).ConfigureAwait(false);
                if (await connection.InfoAsync("replication", "role", ct).ConfigureAwait(false) == "master" && await connection.InfoAsync("replication", "connected_slaves", ct).ConfigureAwait(false) == "2")
                    return connection;
                connection.Dispose();
            }
            catch (Exception away) when (away is SocketException or IOException)
            {
                // Not the primary.
                continue;
            }
        }

        throw new BenchException($"None of {string.Join(", ", set.Copies)} is primary with two replicas.");
    }
}
