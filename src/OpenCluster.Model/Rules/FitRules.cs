using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Rules;

/// <summary>Whether what should run can be placed at all, with every server up. How it is placed is decided elsewhere.</summary>
internal static class FitRules
{
    public static IEnumerable<Finding> Check(Cluster cluster) =>
    [
        .. cluster.Services.SelectMany(s => s.Deployments.SelectMany(d => Deployment(cluster, s, d))),
        .. cluster.LoadBalancers.Where(b => !cluster.Servers.Any(s => s.Roles.Contains(b.Role) && (b.Zone is null || s.Zone == b.Zone)))
            .Select(b => new Finding($"load-balancers.{b.Name}.role", $"no server{(b.Zone is null ? "" : $" of zone \"{b.Zone}\"")} has the role \"{b.Role}\"", "Give the role to a server")),
    ];

    private static IEnumerable<Finding> Deployment(Cluster cluster, Service service, ZoneDeployment deployment)
    {
        var path = $"services.{service.Name}.zones.{deployment.Zone}";
        var spec = deployment.Spec;
        List<Server> ofRole = [.. cluster.Servers.Where(s => s.Zone == deployment.Zone && s.Roles.Contains(service.Role))];
        if (ofRole.Count == 0)
        {
            yield return new Finding(path, $"no server of zone \"{deployment.Zone}\" has the role \"{service.Role}\"", Elsewhere(cluster, service.Role));
            yield break;
        }

        List<Server> able = [.. ofRole.Where(s => Suits(s, spec))];
        if (able.Count == 0)
        {
            yield return new Finding(path, $"none of the servers {string.Join(", ", ofRole.Select(s => s.Name))} has the tags and the location asked for", "Ask for less, or tag a server");
            yield break;
        }
        if (spec.Kind == RunKind.Script)
            yield break;

        var room = able.Sum(s => (long)Room(s, spec));
        if (room == 0)
            yield return new Finding($"{path}.takes", $"one instance takes {Show(spec.Takes)}, more than any of the servers {string.Join(", ", able.Select(s => s.Name))} has", "Lower what it takes, or raise the servers' capacity");
        else if (room < spec.Instances)
            yield return new Finding($"{path}.instances", $"{spec.Instances} instances never fit: servers {string.Join(", ", able.Select(s => s.Name))} have room for {room}", Why(spec));
    }

    private static bool Suits(Server server, ServiceSpec spec) =>
        spec.Tags.All(server.Tags.Contains)
        && !spec.Placement.AvoidTags.Any(server.Tags.Contains)
        && (spec.Placement.Locations.IsEmpty || spec.Placement.Locations.Any(l => server.Location == l || server.Location.StartsWith(l + ".", StringComparison.Ordinal)));

    /// <summary>How many instances fit on a server that has nothing else to do.</summary>
    private static int Room(Server server, ServiceSpec spec)
    {
        var room = 1000.0;
        if (server.Capacity.Instances is { } instances)
            room = Math.Min(room, instances);
        if (spec.Placement.PerServer is { } perServer)
            room = Math.Min(room, perServer);
        if (spec.Ports.Any(p => p.Number != 0))
            room = Math.Min(room, 1);
        room = Math.Min(room, Times(server.Capacity.MemoryBytes, spec.Takes.MemoryBytes));
        room = Math.Min(room, Times(server.Capacity.Cpu, spec.Takes.Cpu));
        room = Math.Min(room, Times(server.Capacity.DiskBytes, spec.Takes.DiskBytes));
        return (int)room;
    }

    // A little is added so that 0.1 fits ten times into 1.
    private static double Times(double? has, double? takes) => has is { } all && takes is { } each and > 0 ? Math.Floor(all / each + 1e-9) : double.MaxValue;

    private static string Why(ServiceSpec spec) => spec.Ports.FirstOrDefault(p => p.Number != 0) is { } port
        ? $"Port \"{port.Name}\" has a fixed number, so one fits on a server; leave the number out, or add servers"
        : "Lower the number, raise the capacity, or add servers";

    private static string Elsewhere(Cluster cluster, string role)
    {
        List<string> zones = [.. cluster.Servers.Where(s => s.Roles.Contains(role)).Select(s => s.Zone).Distinct()];
        return zones.Count == 0 ? "Give the role to a server" : $"Servers of zone {string.Join(", ", zones)} have it; give it to one here, or choose the zone";
    }

    private static string Show(Capacity takes) => string.Join(", ", new[]
    {
        takes.MemoryBytes is { } memory ? $"{Sizes.Show(memory)} of memory" : null,
        takes.Cpu is { } cpu ? $"{cpu:0.###} cores" : null,
        takes.DiskBytes is { } disk ? $"{Sizes.Show(disk)} of disk" : null,
    }.OfType<string>().DefaultIfEmpty("a place"));
}
