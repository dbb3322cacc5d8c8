using System.Collections.Immutable;
using System.Diagnostics;

namespace OpenCluster.Agent.Processes;

/// <summary>Numeric user and group a process runs as.</summary>
internal sealed record RunAs(uint Uid, uint Gid, string? Name = null);

/// <summary>
/// How to start a process that outlives the agent: a session of its own, its output appended to a file, a clean environment, a user.
/// <para>
/// .NET can start a process but can set none of these, so small tools that every Debian has are put in front: setsid, sh, nice, ionice,
/// prlimit, setpriv. Each replaces itself by the next, so that the pid .NET knows stays the pid of the program. Nothing secret stands
/// in the command line, which everybody on the machine can read.
/// </para>
/// </summary>
internal sealed record Launch
{
    public required ImmutableArray<string> Command { get; init; }
    public required IReadOnlyDictionary<string, string> Environment { get; init; }
    public required string Directory { get; init; }
    public required string Log { get; init; }
    /// <summary>Null: as the agent.</summary>
    public RunAs? User { get; init; }
    /// <summary>Least CPU and disk priority: for builds.</summary>
    public bool Idle { get; init; }
    /// <summary>RLIMIT_NPROC, counted by the kernel per user; 0 for none.</summary>
    public int Processes { get; init; }
    /// <summary>RLIMIT_FSIZE, the largest single file; 0 for none.</summary>
    public long FileBytes { get; init; }
    /// <summary>File of a cgroup to enter before anything runs; null for none.</summary>
    public string? CgroupProcs { get; init; }
    /// <summary>No core dump: what it holds in memory must not come to lie on a disk.</summary>
    public bool NoCore { get; init; }
    /// <summary>The program may not gain rights by setuid programs.</summary>
    public bool NoNewPrivileges { get; init; }

    // umask 027: what a service writes is not the world's to read. The log is opened here, before the user changes, so it can belong to the agent.
    private const string Enter = "umask 027; exec \"$@\" </dev/null >>\"$0\" 2>&1";
    private const string EnterCgroup = "echo $$ >\"$1\" && shift && " + Enter;

    /// <exception cref="System.ComponentModel.Win32Exception">The process could not be started.</exception>
    public Process Start()
    {
        var start = new ProcessStartInfo("/usr/bin/setsid") { UseShellExecute = false, WorkingDirectory = Directory };
        foreach (var word in Words()) start.ArgumentList.Add(word);
        start.Environment.Clear();
        foreach (var (name, value) in Environment) start.Environment[name] = value;
        return Process.Start(start) ?? throw new InvalidOperationException("a process was reused where a new one was asked for");
    }

    internal IEnumerable<string> Words()
    {
        yield return "/bin/sh";
        yield return "-c";
        yield return CgroupProcs is null ? Enter : EnterCgroup;
        yield return Log;
        if (CgroupProcs is not null) yield return CgroupProcs;
        if (Idle)
            foreach (var word in (string[])["/usr/bin/nice", "-n", "19", "/usr/bin/ionice", "-c", "3"]) yield return word;
        if (Processes > 0 || FileBytes > 0 || NoCore)
        {
            yield return "/usr/bin/prlimit";
            if (Processes > 0) yield return $"--nproc={Processes}";
            if (FileBytes > 0) yield return $"--fsize={FileBytes}";
            yield return "--core=0";
        }
        if (User is not null || NoNewPrivileges)
        {
            yield return "/usr/bin/setpriv";
            if (NoNewPrivileges) yield return "--no-new-privs";
            if (User is not null)
            {
                yield return $"--reuid={User.Uid}";
                yield return $"--regid={User.Gid}";
                yield return User.Name is null ? "--clear-groups" : "--init-groups";
            }
        }
        foreach (var word in Command) yield return word;
    }
}
