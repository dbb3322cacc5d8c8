using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Rules;

/// <summary><c>renamed-from</c> must name something that is gone, and only once: else two objects would be the same one.</summary>
internal static class RenameRules
{
    public static IEnumerable<Finding> Check(Cluster cluster) =>
    [
        .. Check("zones", cluster.Zones, z => z.RenamedFrom),
        .. Check("roles", cluster.Roles, r => r.RenamedFrom),
        .. Check("servers", cluster.Servers, s => s.RenamedFrom),
        .. Check("services", cluster.Services, s => s.RenamedFrom),
        .. Check("load-balancers", cluster.LoadBalancers, b => b.RenamedFrom),
        .. Check("routes", cluster.Routes, r => r.RenamedFrom),
        .. Check("certificates", cluster.Certificates, c => c.RenamedFrom),
        .. Check("data", cluster.Data, s => s.RenamedFrom),
        .. Check("endpoints", cluster.Endpoints, e => e.RenamedFrom),
        .. Check("secrets", cluster.Secrets, s => s.RenamedFrom),
    ];

    private static IEnumerable<Finding> Check<T>(string section, IReadOnlyCollection<T> objects, Func<T, string?> renamedFrom) where T : INamed
    {
        var claimed = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var renamed in objects)
        {
            if (renamedFrom(renamed) is not { } old)
                continue;
            var path = $"{section}.{renamed.Name}.renamed-from";
            if (objects.Any(o => o.Name == old))
                yield return new Finding(path, $"\"{old}\" is still there", "Take it out, or give the old one another name");
            else if (!claimed.TryAdd(old, renamed.Name))
                yield return new Finding(path, $"\"{claimed[old]}\" was renamed from \"{old}\" as well", "Only one of them can be the old one");
        }
    }
}
