namespace OpenCluster.Decisions.Placing;

/// <summary>Placement of what runs once on every server of a role: built-in load-balancers, controllers, scripts.</summary>
public static class OnePerServer
{
    /// <param name="wanted">Servers that should run it.</param>
    /// <param name="running">Server of each instance, by instance id.</param>
    public static (IReadOnlyList<string> AddOn, IReadOnlyList<string> Remove) Decide(
        IEnumerable<string> wanted, IEnumerable<(string InstanceId, string ServerId)> running)
    {
        var missing = wanted.ToHashSet(StringComparer.Ordinal);
        var remove = new List<string>();
        foreach (var (instance, server) in running.OrderBy(r => r.InstanceId, IdOrder.Instance))
        {
            if (!missing.Remove(server))
                remove.Add(instance);
        }

        return ([.. missing.Order(IdOrder.Instance)], remove);
    }
}
