using System.Collections.Immutable;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>Compares reports in what matters to decisions. Nearly every report says nothing new, so this must cost next to nothing.</summary>
internal static class Reports
{
    /// <summary>Figures (use, load, time stamps) aside.</summary>
    public static bool SayTheSame(ServerReport a, ServerReport b)
    {
        if (a.BootId != b.BootId || a.AgentStarted != b.AgentStarted || a.Address != b.Address || a.LowPortOffset != b.LowPortOffset)
            return false;
        if (a.Instances.Length != b.Instances.Length || a.Builds.Length != b.Builds.Length)
            return false;
        for (var i = 0; i < a.Instances.Length; i++)
        {
            if (!SayTheSame(a.Instances[i], b.Instances[i]))
                return false;
        }

        for (var i = 0; i < a.Builds.Length; i++)
        {
            if (a.Builds[i].ReleaseId != b.Builds[i].ReleaseId || a.Builds[i].Phase != b.Builds[i].Phase)
                return false;
        }

        return true;
    }

    public static bool SayTheSame(InstanceStatus a, InstanceStatus b) =>
        ReferenceEquals(a, b)
        || (a.Phase == b.Phase && a.Restarts == b.Restarts && a.Id == b.Id && a.ReleaseId == b.ReleaseId && a.Address == b.Address
            && a.Failure?.Code == b.Failure?.Code && a.Failure?.Reason == b.Failure?.Reason && SamePorts(a.Ports, b.Ports));

    public static bool SameListening(ImmutableArray<Listening> a, ImmutableArray<Listening> b)
    {
        if (a.Length != b.Length)
            return false;
        for (var i = 0; i < a.Length; i++)
        {
            if (a[i].InstanceId != b[i].InstanceId || a[i].Address != b[i].Address || !SamePorts(a[i].Ports, b[i].Ports))
                return false;
        }

        return true;
    }

    private static bool SamePorts(ImmutableSortedDictionary<string, int> a, ImmutableSortedDictionary<string, int> b)
    {
        if (ReferenceEquals(a, b))
            return true;
        if (a.Count != b.Count)
            return false;
        foreach (var (name, number) in a)
        {
            if (!b.TryGetValue(name, out var other) || other != number)
                return false;
        }

        return true;
    }
}
