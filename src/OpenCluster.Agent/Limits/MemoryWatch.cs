using OpenCluster.Agent.Instances;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Limits;

/// <summary>
/// Memory limits where no cgroup enforces them: an instance that is seen above its own is killed, as the kernel would have done. It is
/// seen once a second, so it may have gone above for that long.
/// </summary>
internal static class MemoryWatch
{
    public static void Judge(InstanceKeeper keeper)
    {
        if (keeper.Order.Spec.Takes.MemoryBytes is not { } limit || keeper.Usage.MemoryBytes <= limit) return;
        keeper.KillBecause(new Failure("memory-limit",
            $"it used {keeper.Usage.MemoryBytes >> 20} MiB of memory, more than the {limit >> 20} MiB it may, and was stopped; raise the service's memory, or find what it keeps"));
    }
}
