using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Rules;

/// <summary>What must hold among the objects of a cluster, whether they come from a file or by the API.</summary>
public static class ClusterRules
{
    /// <summary>Everything that is wrong, in no particular order; empty for a cluster that can be.</summary>
    public static IEnumerable<Finding> Check(Cluster cluster)
    {
        List<Finding> each = [.. CheckEach(cluster)];
        return each.Count > 0 ? each : CheckFit(cluster);
    }

    /// <summary>What is wrong with objects and their references.</summary>
    internal static IEnumerable<Finding> CheckEach(Cluster cluster) =>
    [
        .. SettingsRules.Check(cluster.Settings),
        .. ReferenceRules.Check(cluster),
        .. RenameRules.Check(cluster),
        .. ServerRules.Check(cluster),
        .. ServiceRules.Check(cluster),
        .. ListenerRules.Check(cluster),
        .. BalancingRules.Check(cluster),
        .. DataRules.Check(cluster),
    ];

    /// <summary>Whether what should run fits on what there is; has a meaning only when each object is right.</summary>
    internal static IEnumerable<Finding> CheckFit(Cluster cluster) => [.. FitRules.Check(cluster), .. DataRules.CheckFit(cluster)];
}
