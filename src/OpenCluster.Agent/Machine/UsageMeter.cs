using OpenCluster.Agent.Processes;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Machine;

/// <summary>CPU and memory of whole sessions, from one pass over /proc for all of them. CPU is the mean since the pass before.</summary>
internal sealed class UsageMeter(TimeProvider time)
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux that .NET runs on
    private Dictionary<int, Reading> _last = [];
    private long _at = time.GetTimestamp();

    /// <param name="sessions">Session leader → whose it is.</param>
    public Dictionary<string, Usage> Read(IReadOnlyDictionary<int, string> sessions)
    {
        var seconds = time.GetElapsedTime(_at).TotalSeconds;
        _at = time.GetTimestamp();
        var readings = new Dictionary<int, Reading>();
        var usage = new Dictionary<string, Usage>();
        foreach (var process in ProcFs.All())
        {
            if (!sessions.TryGetValue(process.Session, out var owner)) continue;
            var last = _last.TryGetValue(process.Pid, out var known) && known.StartTime == process.StartTime ? known : new Reading(process.StartTime, process.CpuTicks, -1, 0);
            var now = last with { Ticks = process.CpuTicks };
            if (last.Resident != process.ResidentBytes) now = now with { Resident = process.ResidentBytes, Memory = ProcFs.Memory(process.Pid) };
            readings[process.Pid] = now;
            var before = usage.GetValueOrDefault(owner) ?? new Usage();
            usage[owner] = new Usage(before.Cpu + (seconds > 0 ? Math.Max(0, now.Ticks - last.Ticks) / TicksPerSecond / seconds : 0), before.MemoryBytes + now.Memory);
        }
        _last = readings;
        return usage;
    }

    /// <param name="Resident">When <paramref name="Memory"/> was read: the kernel walks every page for that, so it is asked again only when this moved.</param>
    private readonly record struct Reading(ulong StartTime, long Ticks, long Resident, long Memory);
}
