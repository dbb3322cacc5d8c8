using System.Globalization;

namespace OpenCluster.Ssh;

/// <summary>Whether a host can be a server, from what it says of itself. Pure.</summary>
/// <param name="Obstacles">Each forbids it.</param>
/// <param name="Doubts">Worth a word.</param>
internal sealed record HostVerdict(IReadOnlyList<string> Obstacles, IReadOnlyList<string> Doubts)
{
    private const long LeastMemory = 200L << 20, LeastDisk = 500L << 20, LittleMemory = 400L << 20, LittleDisk = 2L << 30;

    /// <summary>Certificates tolerate a few minutes; logs and leases become hard to read long before.</summary>
    private static readonly TimeSpan MostClock = TimeSpan.FromMinutes(2), SomeClock = TimeSpan.FromSeconds(2);

    /// <summary>With the oldest version that is tried; others may do.</summary>
    private static readonly Dictionary<string, double> Tried = new(StringComparer.Ordinal) { ["debian"] = 11, ["ubuntu"] = 20.04 };

    /// <param name="ports">TCP ports that must be free there.</param>
    public static HostVerdict Of(HostFacts facts, IEnumerable<int> ports)
    {
        List<string> obstacles = [], doubts = [];
        void Must(bool holds, string otherwise)
        {
            if (!holds) obstacles.Add(otherwise);
        }

        void Should(bool holds, string otherwise)
        {
            if (!holds) doubts.Add(otherwise);
        }

        Must(facts.Root || facts.Sudo, "who logs in is not root and sudo asks for a password: log in as root, or allow sudo without one (NOPASSWD)");
        Must(facts.Architecture == "x86_64", $"its architecture is {Or(facts.Architecture, "unknown")}; this program is for x86_64");
        Must(facts.Systemd, "systemd does not run there, and nothing else would keep the agent up");
        Must(facts.MemoryBytes >= LeastMemory, $"it has {Mebi(facts.MemoryBytes)} of memory; at least {Mebi(LeastMemory)} are needed");
        Must(facts.DiskBytes >= LeastDisk, $"{Mebi(facts.DiskBytes)} are free in /var/lib; at least {Mebi(LeastDisk)} are needed");
        Must(facts.ClockAhead.Duration() <= MostClock, $"its clock is {Clock(facts.ClockAhead)}: certificates would not count. Let it be set (systemd-timesyncd, chrony)");
        Must(facts.Lacking.Count == 0, $"it lacks {string.Join(", ", facts.Lacking)}: `apt-get install util-linux tar`");
        foreach (var port in ports.Where(facts.Listening.Contains)) obstacles.Add($"something listens on port {port} already; stop that, or choose another port");

        var (name, version) = facts.System.Split(' ') is [var id, var number] && double.TryParse(number, CultureInfo.InvariantCulture, out var parsed) ? (id, parsed) : (facts.System.Trim(), 0);
        Should(Tried.TryGetValue(name, out var oldest) && version >= oldest, $"its system is {Or(facts.System.Trim(), "unknown")}; tried are Debian from 11 and Ubuntu from 20.04");
        if (obstacles.Count > 0) return new HostVerdict(obstacles, doubts);
        Should(facts.MemoryBytes >= LittleMemory, $"it has only {Mebi(facts.MemoryBytes)} of memory");
        Should(facts.DiskBytes >= LittleDisk, $"only {Mebi(facts.DiskBytes)} are free in /var/lib");
        Should(facts.ClockAhead.Duration() <= SomeClock, $"its clock is {Clock(facts.ClockAhead)}");
        return new HostVerdict(obstacles, doubts);
    }

    private static string Or(string text, string otherwise) => text.Length > 0 ? text : otherwise;

    private static string Mebi(long bytes) => $"{bytes >> 20} MiB";

    private static string Clock(TimeSpan ahead) => string.Create(CultureInfo.InvariantCulture, $"{ahead.Duration().TotalSeconds:0} s {(ahead > TimeSpan.Zero ? "ahead" : "behind")}");
}
