using System.Globalization;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Agent.Limits;

/// <summary>
/// Memory and CPU limits by the kernel, where the machine has cgroup v2 with both controllers and lets the agent make groups
/// (Linux, Documentation/admin-guide/cgroup-v2). One group per instance below one of the agent.
/// </summary>
internal sealed class CgroupV2
{
    private const string Mount = "/sys/fs/cgroup";
    private const int PeriodMicroseconds = 100_000;
    private readonly string _root;

    private CgroupV2(string root) => _root = root;

    /// <summary>Null when the machine lacks it.</summary>
    /// <param name="why">What is missing, for a person.</param>
    public static CgroupV2? Detect(string serverId, out string why)
    {
        why = "";
        var controllers = Path.Combine(Mount, "cgroup.controllers");
        if (!File.Exists(controllers) || File.ReadAllText(controllers).Split(' ', '\n') is var has && !(has.Contains("memory") && has.Contains("cpu")))
        {
            why = "no cgroup v2 memory and cpu controllers: memory limits are watched by the agent (once a second), CPU limits are not enforced";
            return null;
        }
        try
        {
            var root = Path.Combine(Mount, "opencluster-" + serverId);
            File.WriteAllText(Path.Combine(Mount, "cgroup.subtree_control"), "+memory +cpu");
            Directory.CreateDirectory(root);
            File.WriteAllText(Path.Combine(root, "cgroup.subtree_control"), "+memory +cpu");
            return new CgroupV2(root);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            why = $"cgroup v2 may not be used ({refused.Message.TrimEnd('.')}): memory limits are watched by the agent (once a second), CPU limits are not enforced";
            return null;
        }
    }

    /// <summary>Makes the instance's group with its limits; answers the file by which a process enters it. Null without limits.</summary>
    public string? Prepare(string instance, Capacity takes)
    {
        if (takes is { MemoryBytes: null, Cpu: null }) return null;
        var group = Path.Combine(_root, instance);
        Directory.CreateDirectory(group);
        File.WriteAllText(Path.Combine(group, "memory.max"), takes.MemoryBytes?.ToString(CultureInfo.InvariantCulture) ?? "max");
        var quota = takes.Cpu is { } cores ? ((long)(cores * PeriodMicroseconds)).ToString(CultureInfo.InvariantCulture) : "max";
        File.WriteAllText(Path.Combine(group, "cpu.max"), $"{quota} {PeriodMicroseconds}");
        return Path.Combine(group, "cgroup.procs");
    }

    /// <summary>Removes the group of an instance that has gone.</summary>
    public void Remove(string instance)
    {
        var group = Path.Combine(_root, instance);
        if (Directory.Exists(group)) Directory.Delete(group);
    }
}
