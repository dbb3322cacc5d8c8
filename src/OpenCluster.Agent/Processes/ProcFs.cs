using System.Globalization;
using System.Text;

namespace OpenCluster.Agent.Processes;

/// <summary>One line of <c>/proc/PID/stat</c>: what identifies a process and what it has used. See proc(5).</summary>
/// <param name="StartTime">Clock ticks after boot; with the pid and the boot id it names a process for ever.</param>
/// <param name="CpuTicks">User and system time in clock ticks (100 per second).</param>
internal readonly record struct ProcStat(int Pid, char State, int Parent, int Session, ulong StartTime, long CpuTicks, long ResidentBytes)
{
    public bool Alive => State is not 'Z' and not 'X';
}

/// <summary>What the kernel says about processes. Reading races with their lives, so everything answers null or skips what has gone.</summary>
internal static class ProcFs
{
    private static readonly Lazy<string> Boot = new(() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim());

    public static string BootId => Boot.Value;

    public static ProcStat? Stat(int pid)
    {
        if (Text($"/proc/{pid}/stat") is not { } text) return null;
        // The name in parentheses may hold spaces and parentheses itself: fields count from the last one.
        var close = text.LastIndexOf(')');
        if (close < 0) return null;
        var f = text[(close + 2)..].Split(' ');
        if (f.Length < 22) return null;
        return new ProcStat(pid, f[0][0], Number(f[1]), Number(f[3]), ulong.Parse(f[19], CultureInfo.InvariantCulture),
            long.Parse(f[11], CultureInfo.InvariantCulture) + long.Parse(f[12], CultureInfo.InvariantCulture),
            long.Parse(f[21], CultureInfo.InvariantCulture) * Environment.SystemPageSize);
    }

    /// <summary>Every living process.</summary>
    public static IEnumerable<ProcStat> All()
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var pid) && Stat(pid) is { Alive: true } stat)
                yield return stat;
    }

    public static List<ProcStat> Session(int session) => [.. All().Where(p => p.Session == session)];

    /// <summary>One variable of the environment a process was started with; null when it has none, has gone, or is another user's.</summary>
    public static string? Variable(int pid, string name)
    {
        if (Text($"/proc/{pid}/environ") is not { } text) return null;
        foreach (var entry in text.Split('\0'))
            if (entry.StartsWith(name, StringComparison.Ordinal) && entry.Length > name.Length && entry[name.Length] is '=')
                return entry[(name.Length + 1)..];
        return null;
    }

    /// <summary>Real user id.</summary>
    public static uint? User(int pid)
    {
        if (Text($"/proc/{pid}/status") is not { } text) return null;
        var at = text.IndexOf("\nUid:\t", StringComparison.Ordinal);
        if (at < 0) return null;
        var rest = text.AsSpan(at + 6);
        return uint.TryParse(rest[..rest.IndexOf('\t')], CultureInfo.InvariantCulture, out var uid) ? uid : null;
    }

    public static string Name(int pid) => Text($"/proc/{pid}/comm")?.Trim() ?? "a process that has gone";

    /// <summary>Memory in bytes: proportional set size, or resident where the kernel hides that from us.</summary>
    public static long Memory(int pid)
    {
        if (Text($"/proc/{pid}/smaps_rollup") is { } rollup && Kilobytes(rollup, "\nPss:") is { } pss) return pss * 1024;
        return Text($"/proc/{pid}/status") is { } status && Kilobytes(status, "\nVmRSS:") is { } rss ? rss * 1024 : 0;
    }

    private static long? Kilobytes(string text, string label)
    {
        var at = text.IndexOf(label, StringComparison.Ordinal);
        if (at < 0) return null;
        var rest = text.AsSpan(at + label.Length).TrimStart();
        return long.TryParse(rest[..rest.IndexOf(' ')], CultureInfo.InvariantCulture, out var kilobytes) ? kilobytes : null;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Whole; open, read, close and nothing else, since a pass over /proc reads hundreds of these every second.</summary>
    private static string? Text(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> buffer = stackalloc byte[4096];
            var length = RandomAccess.Read(file, buffer, 0);
            return length < buffer.Length ? Encoding.UTF8.GetString(buffer[..length]) : File.ReadAllText(path, Encoding.UTF8);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
