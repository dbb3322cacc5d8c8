namespace OpenCluster.Agent.Processes;

/// <summary>
/// A process as it can be known across restarts of the agent: a pid is used again, but never with the same start time in the same boot.
/// </summary>
internal sealed record ProcessIdentity(int Pid, ulong StartTime, string BootId)
{
    /// <summary>The process with this pid now; null when there is none.</summary>
    public static ProcessIdentity? Of(int pid) =>
        ProcFs.Stat(pid) is { Alive: true } stat ? new ProcessIdentity(pid, stat.StartTime, ProcFs.BootId) : null;

    public bool Alive => BootId == ProcFs.BootId && ProcFs.Stat(Pid) is { Alive: true } stat && stat.StartTime == StartTime;
}
