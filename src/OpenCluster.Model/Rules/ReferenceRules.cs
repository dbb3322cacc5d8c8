using OpenCluster.Model.Files;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Rules;

/// <summary>Names that stand for another object: it must exist.</summary>
internal static class ReferenceRules
{
    public static IEnumerable<Finding> Check(Cluster cluster)
    {
        var known = new Names(cluster);
        return
        [
            .. cluster.Servers.SelectMany(s => OfServer(s, known)),
            .. cluster.Services.SelectMany(s => OfService(s, known)),
            .. cluster.LoadBalancers.SelectMany(b => OfBalancer(b, known)),
            .. cluster.Routes.SelectMany(r => OfRoute(r, known)),
            .. cluster.Certificates.SelectMany(c => c.LoadBalancers.SelectMany((b, i) => known.Missing($"certificates.{c.Name}.load-balancers.{i}", "load-balancer", b))),
            .. cluster.Data.SelectMany(s => OfSpace(s, known)),
            .. cluster.Endpoints.SelectMany(e => known.Missing($"endpoints.{e.Name}.secret", "secret", e.Secret)),
        ];
    }

    private static IEnumerable<Finding> OfServer(Server server, Names known) =>
    [
        .. known.Missing($"servers.{server.Name}.zone", "zone", server.Zone),
        .. server.Roles.SelectMany((role, i) => known.Missing($"servers.{server.Name}.roles.{i}", "role", role)),
    ];

    private static IEnumerable<Finding> OfService(Service service, Names known)
    {
        var path = $"services.{service.Name}";
        return
        [
            .. known.Missing($"{path}.role", "role", service.Role),
            .. known.Missing($"{path}.registers", "route", service.Registers),
            .. service.Deployments.SelectMany(d => OfDeployment(d, path, known)),
        ];
    }

    private static IEnumerable<Finding> OfDeployment(ZoneDeployment deployment, string service, Names known)
    {
        var path = $"{service}.zones.{deployment.Zone}";
        return
        [
            .. known.Missing(path, "zone", deployment.Zone),
            .. deployment.Spec.Secrets.SelectMany((s, i) => known.Missing($"{path}.secrets.{i}", "secret", s)),
            .. (deployment.Spec.Build?.Secrets ?? []).SelectMany((s, i) => known.Missing($"{path}.build.secrets.{i}", "secret", s)),
            .. deployment.Spec.Placement.ApartFrom.SelectMany((s, i) => known.Missing($"{path}.placement.apart-from.{i}", "service", s)),
        ];
    }

    private static IEnumerable<Finding> OfBalancer(LoadBalancer balancer, Names known) =>
    [
        .. known.Missing($"load-balancers.{balancer.Name}.role", "role", balancer.Role),
        .. known.Missing($"load-balancers.{balancer.Name}.zone", "zone", balancer.Zone),
        .. balancer.Listeners.SelectMany((l, i) => known.Missing($"load-balancers.{balancer.Name}.listen.{i}.certificate", "certificate", l.Certificate)),
    ];

    private static IEnumerable<Finding> OfRoute(Route route, Names known)
    {
        var path = $"routes.{route.Name}";
        return
        [
            .. known.Missing($"{path}.to", "service", route.Service.Length == 0 ? null : route.Service),
            .. known.Missing($"{path}.zone", "zone", route.Zone),
            .. route.LoadBalancers.SelectMany((b, i) => known.Missing($"{path}.load-balancers.{i}", "load-balancer", b)),
        ];
    }

    private static IEnumerable<Finding> OfSpace(DataSpace space, Names known) =>
    [
        .. known.Missing($"data.{space.Name}.role", "role", space.Role),
        .. known.Missing($"data.{space.Name}.zone", "zone", space.Zone),
        .. space.Witnesses.SelectMany((s, i) => known.Missing($"data.{space.Name}.witnesses.{i}", "server", s)),
    ];

    private sealed class Names(Cluster cluster)
    {
        private readonly Dictionary<string, HashSet<string>> _known = new(StringComparer.Ordinal)
        {
            ["zone"] = Of(cluster.Zones),
            ["role"] = Of(cluster.Roles),
            ["server"] = Of(cluster.Servers),
            ["service"] = Of(cluster.Services),
            ["route"] = Of(cluster.Routes),
            ["load-balancer"] = Of(cluster.LoadBalancers),
            ["certificate"] = Of(cluster.Certificates),
            ["secret"] = Of(cluster.Secrets),
        };

        public IEnumerable<Finding> Missing(string path, string kind, string? name)
        {
            if (name is not null && !_known[kind].Contains(name))
                yield return new Finding(path, $"there is no {kind} \"{name}\"", Instead(kind, name));
        }

        private string Instead(string kind, string name)
        {
            if (DidYouMean.Nearest(name, _known[kind].Order(StringComparer.Ordinal)) is { } nearest)
                return $"Did you mean \"{nearest}\"?";
            var add = $"Add it under \"{kind}s\"";
            return _known[kind].Count is 0 or > 12 ? add : $"There {(_known[kind].Count == 1 ? "is" : "are")} {string.Join(", ", _known[kind].Order(StringComparer.Ordinal))}; or {char.ToLowerInvariant(add[0])}{add[1..]}";
        }

        private static HashSet<string> Of<T>(IEnumerable<T> objects) where T : INamed => objects.Select(o => o.Name).ToHashSet(StringComparer.Ordinal);
    }
}
