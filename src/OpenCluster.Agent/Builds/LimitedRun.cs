using System.Collections.Immutable;
using OpenCluster.Agent.Logs;
using OpenCluster.Agent.Processes;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Builds;

/// <summary>What one command of a build may use, all its processes together.</summary>
/// <param name="Name">In sentences: "the build", "fetching the source".</param>
/// <param name="Code">First part of failure codes.</param>
internal sealed record RunLimits(string Name, string Code, TimeSpan Time, long MemoryBytes, int Processes, long DiskBytes);

/// <summary>
/// Runs a command that nobody trusts, looks at everything it has brought to life five times a second, and kills all of it, for a stated
/// reason, when it goes beyond a limit. Where the agent is root and the command has a user of its own, the kernel holds the number of
/// processes and the size of a file as well, and the whole user is killed: nothing can hide by leaving the session.
/// </summary>
internal sealed class LimitedRun(TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    /// <summary>The kernel's stop lies a little above the limit, so that the watch can see it passed and say so.</summary>
    private const int ProcessesAbove = 32;
    private const int LogLines = 30, LinesRead = 300;

    /// <summary>Null: it succeeded. Otherwise why not, with the last lines it wrote.</summary>
    /// <param name="measured">Directories and files whose bytes count.</param>
    public async Task<Failure?> RunAsync(Launch launch, RunLimits limits, IReadOnlyList<string> measured, CancellationToken ct)
    {
        var own = launch.User is not null;
        using var process = (launch with
        {
            Idle = true,
            NoNewPrivileges = true,
            Processes = own ? limits.Processes + ProcessesAbove : 0,
            FileBytes = limits.DiskBytes,
        }).Start();
        var session = new Session(process.Id, launch.Environment.GetValueOrDefault(Session.MarkVariable, ""));
        var log = new LogFile(launch.Log, new LogLimits());
        try
        {
            var exit = process.WaitForExitAsync(ct);
            var started = time.GetTimestamp();
            var disk = new DiskMeter(time);
            while (!exit.IsCompleted)
            {
                if (Passed(limits, time.GetElapsedTime(started), Members(launch.User, session), disk.Bytes(measured)) is { } reason)
                    return reason with { Log = Last(log) };
                await Task.WhenAny(exit, Task.Delay(Look, time, ct));
            }
            await exit;
            if (process.ExitCode is 0) return null;
            var last = Last(log);
            var atTheEnd = Members(launch.User, session).Count;
            return Ended(limits, process.ExitCode, own && (atTheEnd > limits.Processes || last.Any(RefusedToFork))) with { Log = last };
        }
        finally
        {
            Kill(launch.User, session);
        }
    }

    /// <summary>The last lines, each once however often it was said: a program in a loop says one thing many times.</summary>
    private static ImmutableArray<string> Last(LogFile log)
    {
        var said = new List<(string Line, int Times)>();
        foreach (var line in log.Last(LinesRead))
        {
            if (said.Count > 0 && said[^1].Line == line) said[^1] = (line, said[^1].Times + 1);
            else said.Add((line, 1));
        }

        return [.. said.TakeLast(LogLines).Select(s => s.Times == 1 ? s.Line : $"{s.Line} ({s.Times} times)")];
    }

    // A fork bomb may run into the kernel's stop, and its first process give up, faster than anybody looks.
    private static bool RefusedToFork(string line) =>
        line.Contains("Cannot fork", StringComparison.Ordinal) || line.Contains("Resource temporarily unavailable", StringComparison.Ordinal);

    private static Failure TooMany(RunLimits limits) =>
        new($"{limits.Code}-processes", $"{limits.Name} used more than {limits.Processes} processes and was stopped; does it start itself again?{Raise(limits, "processes", "more")}");

    private static Failure Ended(RunLimits limits, int code, bool tooMany) => tooMany ? TooMany(limits) : code is 128 + 25
        ? new Failure($"{limits.Code}-disk", $"{limits.Name} wrote a file of more than {limits.DiskBytes >> 20} MiB and was stopped.{Raise(limits, "disk", "more")}")
        : code > 128
            ? new Failure($"{limits.Code}-failed", $"{limits.Name} was killed by signal {code - 128}")
            : new Failure($"{limits.Code}-failed", $"{limits.Name} failed: it exited with code {code}");

    /// <summary>What to do about it; empty where the limit is not the owner's to set. Disk is, for everything around the build too.</summary>
    private static string Raise(RunLimits limits, string key, string what) =>
        limits.Code is "build" || key is "disk" ? $" Raise build.{key} if it needs {what}." : "";

    private static Failure? Passed(RunLimits limits, TimeSpan elapsed, List<ProcStat> members, long disk)
    {
        if (elapsed > limits.Time)
            return new Failure($"{limits.Code}-timeout", $"{limits.Name} did not end within {limits.Time.TotalSeconds:0.#} s and was stopped.{Raise(limits, "time-limit", "longer")}");
        if (members.Count > limits.Processes)
            return TooMany(limits);
        if (disk > limits.DiskBytes)
            return new Failure($"{limits.Code}-disk", $"{limits.Name} used more than {limits.DiskBytes >> 20} MiB of disk and was stopped.{Raise(limits, "disk", "more")}");
        // Resident memory counts shared pages once for each process: only when even that is too much is the exact sum worth its price.
        if (members.Sum(m => m.ResidentBytes) > limits.MemoryBytes && members.Sum(m => ProcFs.Memory(m.Pid)) > limits.MemoryBytes)
            return new Failure($"{limits.Code}-memory", $"{limits.Name} used more than {limits.MemoryBytes >> 20} MiB of memory and was stopped.{Raise(limits, "memory", "more")}");
        return null;
    }

    private static List<ProcStat> Members(RunAs? user, Session session) =>
        user is null ? session.Members() : [.. ProcFs.All().Where(p => p.Session == session.Leader || ProcFs.User(p.Pid) == user.Uid)];

    private static void Kill(RunAs? user, Session session)
    {
        session.Kill();
        if (user is null) return;
        // All of the user at once: a fork bomb that is killed one by one forks on.
        using var killer = new Launch
        {
            Command = ["/bin/sh", "-c", "kill -KILL -1"],
            Environment = new Dictionary<string, string>(),
            Directory = "/",
            Log = "/dev/null",
            User = user,
        }.Start();
        killer.WaitForExit();
    }
}

/// <summary>Bytes below directories. A walk over a large tree costs time: the next is not begun before ten times that has passed.</summary>
internal sealed class DiskMeter(TimeProvider time)
{
    private long _bytes;
    private long _at;
    private TimeSpan _rest;

    public long Bytes(IReadOnlyList<string> paths)
    {
        if (_at != 0 && time.GetElapsedTime(_at) < _rest) return _bytes;
        var began = time.GetTimestamp();
        _bytes = paths.Sum(Below);
        _at = time.GetTimestamp();
        _rest = time.GetElapsedTime(began, _at) * 10;
        return _bytes;
    }

    private static long Below(string path)
    {
        if (File.Exists(path)) return new FileInfo(path).Length;
        if (!Directory.Exists(path)) return 0;
        var all = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };
        long sum = 0;
        foreach (var file in new DirectoryInfo(path).EnumerateFiles("*", all))
        {
            try { sum += file.Length; }
            catch (IOException) { continue; } // deleted meanwhile
        }
        return sum;
    }
}
