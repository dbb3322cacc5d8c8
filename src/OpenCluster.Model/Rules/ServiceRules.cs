using OpenCluster.Model.Files;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Rules;

/// <summary>What must hold within a service: ports, check, persistent directories, a roll-out that can end.</summary>
internal static class ServiceRules
{
    public static IEnumerable<Finding> Check(Cluster cluster) =>
        [.. cluster.Services.SelectMany(s => Registers(s, cluster)), .. Specs(cluster)];

    /// <summary>A dynamic route wants a key besides, which only its owner hands out; a static one takes no registrations.</summary>
    private static IEnumerable<Finding> Registers(Service service, Cluster cluster)
    {
        if (cluster.Routes.FirstOrDefault(r => r.Name == service.Registers) is { Kind: not RouteKind.LimitedDynamic } route)
            yield return new Finding($"services.{service.Name}.registers", $"route \"{route.Name}\" is {(route.Kind == RouteKind.Static ? "static" : "dynamic")}", "Make it kind: limited-dynamic, or take this out");
        if (!service.ConnectsTo.IsEmpty && !cluster.LoadBalancers.Any(b => b.Listeners.Any(l => l.Protocol == ListenerProtocol.Registrations)))
            yield return new Finding($"services.{service.Name}.connects-to", "no load-balancer answers as broker", "Add a listener under \"load-balancers\": {port: 7401, protocol: registrations}");
    }

    private static IEnumerable<Finding> Specs(Cluster cluster) =>
        cluster.Services.SelectMany(s => s.Deployments.SelectMany(d => Check(d.Spec, $"services.{s.Name}.zones.{d.Zone}")));

    private static IEnumerable<Finding> Check(ServiceSpec spec, string path) =>
        [.. Ports(spec, path), .. CheckedPort(spec, path), .. Persistent(spec, path), .. RollOut(spec, path)];

    private static IEnumerable<Finding> Ports(ServiceSpec spec, string path)
    {
        foreach (var (port, earlier) in spec.Ports.Select((p, i) => (p, spec.Ports.Take(i))))
        {
            if (port.Number != 0 && earlier.FirstOrDefault(e => e.Number == port.Number && e.Protocol == port.Protocol) is { } same)
                yield return new Finding($"{path}.ports.{port.Name}", $"port \"{same.Name}\" has the number {port.Number} as well", "Give it another number");
        }
    }

    private static IEnumerable<Finding> CheckedPort(ServiceSpec spec, string path)
    {
        if (spec.Check is not { } check || check.Kind == CheckKind.Command)
            yield break;
        if (spec.Ports.IsEmpty)
        {
            yield return new Finding($"{path}.check", "the service has no port to ask", "Add \"ports\", or check with \"command\"");
            yield break;
        }
        var port = check.Port.Length == 0 ? MainPort(spec) : spec.Ports.FirstOrDefault(p => p.Name == check.Port);
        if (port is null)
            yield return new Finding($"{path}.check.port", $"the service has no port \"{check.Port}\"", DidYouMean.Hint(check.Port, spec.Ports.Select(p => p.Name)));
        else if (port.Protocol != PortProtocol.Tcp)
            yield return new Finding($"{path}.check", $"port \"{port.Name}\" is UDP and cannot be asked that way", "Check another port, or with \"command\"");
    }

    private static IEnumerable<Finding> Persistent(ServiceSpec spec, string path)
    {
        for (var i = 0; i < spec.Persistent.Length; i++)
        {
            var inside = Parts(spec.Persistent[i]);
            var outer = spec.Persistent.Where((_, j) => j != i).FirstOrDefault(o => inside.Take(Parts(o).Count).SequenceEqual(Parts(o)) && (Parts(o).Count < inside.Count || spec.Persistent.IndexOf(o) < i));
            if (outer is not null)
                yield return new Finding($"{path}.persistent.{i}", $"\"{spec.Persistent[i]}\" is kept already, as \"{outer}\"", "Take it out");
        }
    }

    private static IEnumerable<Finding> RollOut(ServiceSpec spec, string path)
    {
        var steps = (spec.Instances + spec.RollOut.AtOnce - 1) / spec.RollOut.AtOnce;
        var least = spec.RollOut.Watch * steps;
        if (spec.Kind != RunKind.Script && least >= spec.RollOut.TimeLimit)
        {
            yield return new Finding($"{path}.roll-out",
                $"a roll-out watches {spec.Instances} instances for {Durations.Show(least)} in all, and would be rolled back after {Durations.Show(spec.RollOut.TimeLimit)}",
                "Raise \"time-limit\" or \"at-once\", or lower \"watch\"");
        }
    }

    internal static Port? MainPort(ServiceSpec spec) => spec.Ports.FirstOrDefault(p => p.Name == "http") ?? spec.Ports.FirstOrDefault();

    private static List<string> Parts(string path) => [.. path.Split('/').Where(p => p is not ("" or "."))];
}
