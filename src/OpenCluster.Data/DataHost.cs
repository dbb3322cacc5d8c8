using OpenCluster.Data.Commands;
using OpenCluster.Data.Durability;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;
using OpenCluster.Data.Server;
using OpenCluster.Data.Spaces;
using OpenCluster.Store;
using OpenCluster.Store.Journaling;

namespace OpenCluster.Data;

/// <summary>A data server from its start to its end: what it is made of is put together here.</summary>
public sealed class DataHost : IDisposable
{
    /// <summary>Keys removed at a look, ten times a second: so many end at once without keeping anybody waiting for more than a moment.</summary>
    private const int ExpiredPerTick = 2000;

    private readonly SpaceTable spaces = new(new KeyspaceClock());
    private readonly Executor executor;
    private readonly DataServer server;
    private Compaction? compaction;

    private DataHost(DataOptions options, TimeProvider time, Action<string> tell)
    {
        executor = new Executor(AllCommands.Table(), spaces, time);
        spaces.Add(new User("default", null, "default", IsReadOnly: false, IsAdmin: true));
        spaces.Open("default");
        if (options.Directory is { } directory) executor.Log = OpenLog(directory, options, time, tell);
        server = new DataServer(executor, options, time);
        if (executor.Log is { } log) log.Advanced = server.Released;
        server.Tick = Tick;
    }

    /// <summary>The port it listens at.</summary>
    public int Port => server.Port;

    /// <summary>Reads what the log holds, and listens.</summary>
    /// <param name="options">How.</param>
    /// <param name="time">The clock of everything in it.</param>
    /// <param name="tell">Takes a line for whoever runs it.</param>
    public static DataHost Start(DataOptions options, TimeProvider time, Action<string> tell)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        var host = new DataHost(options, time, tell);
        host.server.Start();
        return host;
    }

    /// <summary>As <see cref="Start"/>, until <paramref name="ct"/> ends it; every write is on disk then.</summary>
    public static async Task RunAsync(DataOptions options, Action<string> tell, TimeProvider time, CancellationToken ct)
    {
        using var host = Start(options, time, tell);
        tell($"listening at {options.Address}:{host.Port}");
        await Task.Delay(Timeout.InfiniteTimeSpan, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        server.Dispose();
        compaction?.Dispose();
        executor.Log?.Dispose();
        spaces.Dispose();
    }

    private DataLog OpenLog(string path, DataOptions options, TimeProvider time, Action<string> tell)
    {
        var directory = DiskDirectory.OpenOrCreate(path);
        var began = time.GetTimestamp();
        using var replay = new Replay(executor);
        spaces.Clock.IsReplaying = true;
        var journal = Journal.Open(directory, new JournalOptions { NewGeneration = Generation.NewerThan(default, time).Number, SegmentBytes = long.MaxValue }, replay);
        spaces.Clock.IsReplaying = false;
        if (journal.Tail is { } tail)
            tell($"{tail.File} was cut at byte {tail.Offset}: {tail.Problem}. The last {tail.Bytes} bytes had not been synced when it ended.");
        tell($"read {spaces.All.Sum(s => s.Keys.Count):N0} keys in {time.GetElapsedTime(began).TotalSeconds:0.00} s");
        var log = new DataLog(journal, options.Fsync, executor.Gate, time) { Tell = tell };
        compaction = executor.Compaction = new Compaction(executor, log, directory);
        return log;
    }

    private void Tick()
    {
        foreach (var space in spaces.All)
        {
            space.Keys.RemoveExpired(ExpiredPerTick);
            space.Keys.Index.Step();
        }
        executor.EndWaits();
        compaction?.Look();
    }
}
