using System.Globalization;

namespace OpenCluster.Benchmarks.Machine;

/// <summary>What the kernel says of processes, from /proc (proc(5)).</summary>
internal static class Proc
{
    /// <summary>USER_HZ: the kernel counts process times in hundredths of a second on every architecture .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of these processes, all their threads, in seconds.</summary>
    public static double CpuSeconds(IEnumerable<int> pids) => pids.Sum(CpuTicks) / TicksPerSecond;

    /// <summary>
    /// Proportional set size in bytes: pages of its own whole, shared ones divided among those who map them. The sum over processes
    /// is what they take from the machine together.
    /// </summary>
    public static long PssBytes(IEnumerable<int> pids) => pids.Sum(pid => Kilobytes($"/proc/{pid}/smaps_rollup", "Pss:")) * 1024;

    public static long ResidentBytes(IEnumerable<int> pids) => pids.Sum(pid => Kilobytes($"/proc/{pid}/status", "VmRSS:")) * 1024;

    /// <summary>A process and everything below it.</summary>
    public static IReadOnlyList<int> Tree(int root)
    {
        var children = Pids().Select(pid => (Pid: pid, Parent: Parent(pid))).ToLookup(p => p.Parent, p => p.Pid);
        List<int> tree = [root];
        for (var i = 0; i < tree.Count; i++) tree.AddRange(children[tree[i]]);
        return tree;
    }

    /// <summary>Processes whose command line contains <paramref name="text"/>, a path that is ours alone.</summary>
    public static IReadOnlyList<int> WithCommandLine(string text) => [.. Pids().Where(pid => CommandLine(pid).Contains(text, StringComparison.Ordinal))];

    public static string CommandLine(int pid) => Read($"/proc/{pid}/cmdline").Replace('\0', ' ');

    private static IEnumerable<int> Pids() =>
        Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var pid) ? pid : 0).Where(pid => pid > 0);

    /// <summary>Fields after the command's name, which stands in brackets and may itself contain blanks: [0] is field 3, the state.</summary>
    private static string[] Stat(int pid) => Read($"/proc/{pid}/stat") is { Length: > 0 } text ? text[(text.LastIndexOf(')') + 2)..].Split(' ') : [];

    private static int Parent(int pid) => Stat(pid) is { Length: > 1 } fields ? int.Parse(fields[1], CultureInfo.InvariantCulture) : 0;

    private static long CpuTicks(int pid) =>
        Stat(pid) is { Length: > 12 } fields ? long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture) : 0;

    private static long Kilobytes(string file, string field)
    {
        foreach (var line in Read(file).Split('\n'))
            if (line.StartsWith(field, StringComparison.Ordinal))
                return long.Parse(line[field.Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
        return 0;
    }

    /// <summary>Empty when the process has ended meanwhile, which is no error while looking around.</summary>
    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
