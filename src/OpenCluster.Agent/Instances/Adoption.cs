using System.Collections.Immutable;
using OpenCluster.Agent.Processes;

namespace OpenCluster.Agent.Instances;

/// <summary>
/// Finds, after an agent restart, which processes of an instance live. Those on record are known by pid, start time and boot. One that
/// was started in the moment before its agent died is not on record, but it is the leader of a session and carries the instance's mark;
/// it is taken for the run that the record says was about to start. What carries the mark and fits no run is killed.
/// </summary>
internal static class Adoption
{
    public static ImmutableSortedDictionary<int, ProcessIdentity> Find(InstanceRecord record, string mark, IReadOnlyList<MarkedProcess> marked)
    {
        var alive = record.Processes.Where(p => p.Value.Alive).ToImmutableSortedDictionary();
        var leaders = marked.Where(m => m.Mark == mark && m.Leads && alive.Values.All(known => known.Pid != m.Process.Pid)).ToList();
        foreach (var run in (int?[])[record.State.Current?.Run, record.State.Successor?.Run])
        {
            if (run is not { } started || alive.ContainsKey(started) || record.Processes.ContainsKey(started) || leaders.Count == 0) continue;
            alive = alive.Add(started, leaders[0].Process);
            leaders.RemoveAt(0);
        }
        foreach (var stranger in leaders) new Session(stranger.Process.Pid, mark).Kill(others: false);
        return alive;
    }

    /// <summary>Every process that carries a mark of this agent's directory. One pass over /proc for all instances.</summary>
    public static IReadOnlyList<MarkedProcess> Marked(string instancesDirectory)
    {
        var found = new List<MarkedProcess>();
        foreach (var process in ProcFs.All())
        {
            if (ProcFs.Variable(process.Pid, Session.MarkVariable) is not { } mark) continue;
            if (!mark.StartsWith(instancesDirectory + "/", StringComparison.Ordinal)) continue;
            found.Add(new MarkedProcess(new ProcessIdentity(process.Pid, process.StartTime, ProcFs.BootId), mark, process.Session == process.Pid));
        }
        return found;
    }
}

/// <param name="Leads">It leads a session: it was started by an agent, not by the instance.</param>
internal sealed record MarkedProcess(ProcessIdentity Process, string Mark, bool Leads);
