using OpenCluster.Agent.Processes;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Machine;

/// <summary>CPU and memory of whole sessions, from one pass over /proc for all of them. CPU is the mean since the pass before.</summary>
internal sealed class UsageMeter(TimeProvider time)
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux that .NET runs on
    private Dictionary<int, long> _ticks = [];
    private long _at = time.GetTimestamp();

    /// <param name="sessions">Session leader → whose it is.</param>
    public Dictionary<string, Usage> Read(IReadOnlyDictionary<int, string> sessions)
    {
        var seconds = time.GetElapsedTime(_at).TotalSeconds;
        _at = time.GetTimestamp();
        var ticks = new Dictionary<int, long>();
        var usage = new Dictionary<string, Usage>();
        foreach (var process in ProcFs.All())
        {
            if (!sessions.TryGetValue(process.Session, out var owner)) continue;
            ticks[process.Pid] = process.CpuTicks;
            var used = Math.Max(0, process.CpuTicks - _ticks.GetValueOrDefault(process.Pid, process.CpuTicks)) / TicksPerSecond;
            var before = usage.GetValueOrDefault(owner) ?? new Usage();
            usage[owner] = new Usage(before.Cpu + (seconds > 0 ? used / seconds : 0), before.MemoryBytes + ProcFs.Memory(process.Pid));
        }
        _ticks = ticks;
        return usage;
    }
}
