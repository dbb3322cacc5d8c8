using System.Runtime.InteropServices;
using OpenCluster.Data.Commands;
using OpenCluster.Data.Durability;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;
using OpenCluster.Data.Server;
using OpenCluster.Data.Spaces;
using OpenCluster.Store;
using OpenCluster.Store.Embedded;
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
    private readonly string? spacesFile;
    private Compaction? compaction;

    /// <summary>Keeps the directory to this server.</summary>
    private DirectoryLock? one;

    private DataHost(DataOptions options, TimeProvider time, Action<string> tell, IDirectory? directory)
    {
        spacesFile = options.Spaces;
        executor = new Executor(AllCommands.Table(), spaces, time);
        if (spacesFile is null) spaces.Add(new User("default", null, "default", IsReadOnly: false, IsAdmin: true));
        else spaces.Configure(SpacesFile.Read(spacesFile));
        if (directory is not null) executor.Log = OpenLog(directory, options, time, tell);
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
    /// <exception cref="StoreInUseException">Another server, or a repair, is in the directory.</exception>
    public static DataHost Start(DataOptions options, TimeProvider time, Action<string> tell)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        if (options.Directory is not { } path) return Start(options, time, tell, directory: null);
        var directory = DiskDirectory.OpenOrCreate(path);
        var held = DirectoryLock.Take(path);
        try
        {
            var host = Start(options, time, tell, directory);
            host.one = held;
            return host;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    internal static DataHost Start(DataOptions options, TimeProvider time, Action<string> tell, IDirectory? directory)
    {
        var host = new DataHost(options, time, tell, directory);
        host.server.Start();
        return host;
    }

    /// <summary>Reads the file of spaces once more. Who does not stand in it any more is cut off; keys of a space stay, whether it stands in it or not.</summary>
    /// <exception cref="SpacesFileException">The file is wrong, and everything is as it was.</exception>
    public void ReadSpacesAgain()
    {
        if (spacesFile is null) return;
        var file = SpacesFile.Read(spacesFile);
        lock (executor.Gate)
        {
            spaces.Configure(file);
            foreach (var session in executor.Sessions.Values)
                if (session.User is { } user && spaces.User(user.Name) != user)
                    session.CutOff();
        }
    }

    /// <summary>As <see cref="Start(DataOptions, TimeProvider, Action{string})"/>, until <paramref name="ct"/> ends it; every write is on disk then.</summary>
    public static async Task RunAsync(DataOptions options, Action<string> tell, TimeProvider time, CancellationToken ct)
    {
        using var host = Start(options, time, tell);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            try
            {
                host.ReadSpacesAgain();
                tell("the file of spaces was read again");
            }
            catch (SpacesFileException wrong)
            {
                tell($"everything stays as it was: {wrong.Message}");
            }
        });
        tell($"listening at {options.Address}:{host.Port}");
        await Task.Delay(Timeout.InfiniteTimeSpan, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        server.Dispose();
        compaction?.Dispose();
        executor.Log?.Dispose();
        spaces.Dispose();
        one?.Dispose();
    }

    private DataLog OpenLog(IDirectory directory, DataOptions options, TimeProvider time, Action<string> tell)
    {
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
