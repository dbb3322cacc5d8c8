namespace OpenCluster.Agent.Processes;

/// <summary>
/// Everything one start has brought to life: the leader's session, and what has left it but still carries its mark in the environment.
/// </summary>
/// <param name="Mark">Value of OPENCLUSTER_TOKEN_FILE, a path of this agent and this instance alone.</param>
/// <param name="Started">When the leader started (see <see cref="ProcessIdentity"/>): a session of a leader that started at another time is
/// somebody else's, who got the same pid later. 0 where that cannot be: right after the start.</param>
internal sealed record Session(int Leader, string Mark, ulong Started = 0)
{
    public const string MarkVariable = "OPENCLUSTER_TOKEN_FILE";

    /// <summary>Processes of the session itself; cheap enough to be asked often.</summary>
    public List<ProcStat> Members() =>
        Started != 0 && ProcFs.Stat(Leader) is { } now && now.StartTime != Started ? [] : ProcFs.Session(Leader);

    /// <summary>SIGTERM to all of the session. The leader's group is told in one call, so that nobody of it forks past the signal.</summary>
    public void Terminate() => Signal(LibC.SigTerm, Members());

    /// <summary>SIGKILL, again and again until nothing is left that could fork; at most 20 rounds.</summary>
    public void Kill(bool others = true)
    {
        for (var round = 0; round < 20; round++)
        {
            var left = Members();
            if (others) left.AddRange(Strays());
            if (left.Count == 0) return;
            Signal(LibC.SigKill, left);
        }
    }

    private IEnumerable<ProcStat> Strays() =>
        ProcFs.All().Where(p => p.Session != Leader && p.Pid != Environment.ProcessId && ProcFs.Variable(p.Pid, MarkVariable) == Mark);

    private void Signal(int signal, List<ProcStat> processes)
    {
        if (processes.Any(p => p.Pid == Leader)) _ = LibC.Kill(-Leader, signal);
        foreach (var process in processes) _ = LibC.Kill(process.Pid, signal);
    }
}
