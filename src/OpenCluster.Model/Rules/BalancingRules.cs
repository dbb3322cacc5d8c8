using OpenCluster.Model.Files;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Rules;

/// <summary>Routes: one per host and path, or per listener, and something that answers.</summary>
internal static class BalancingRules
{
    public static IEnumerable<Finding> Check(Cluster cluster) => [.. Claims(cluster), .. cluster.Routes.SelectMany(r => Answers(r, cluster)), .. Exceptions(cluster)];

    private static IEnumerable<Finding> Claims(Cluster cluster)
    {
        var claims = new Dictionary<(string Balancer, string Place), string>();
        // A dynamic route's matches say what apps may claim; it answers to nothing itself.
        foreach (var route in cluster.Routes.Where(r => r.Kind != RouteKind.Dynamic && r.ListenerNames.IsEmpty))
        {
            IEnumerable<string> balancers = route.LoadBalancers.IsEmpty ? cluster.LoadBalancers.Select(b => b.Name) : route.LoadBalancers;
            for (var i = 0; i < route.Matches.Length; i++)
            {
                var match = route.Matches[i];
                var place = match.Place();
                foreach (var balancer in balancers.Where(b => !claims.TryAdd((b, place), route.Name)).Take(1))
                {
                    var other = claims[(balancer, place)];
                    yield return new Finding($"routes.{route.Name}.match.{i}",
                        other == route.Name ? $"{match.Host}{match.Path} is here twice" : $"route \"{other}\" answers to {match.Host}{match.Path} on load-balancer \"{balancer}\" as well",
                        "Choose another host or path, methods or headers, or another load-balancer");
                }
            }
        }
    }

    private static IEnumerable<Finding> Answers(Route route, Cluster cluster)
    {
        if (cluster.LoadBalancers.IsEmpty)
            yield return new Finding($"routes.{route.Name}", "there is no load-balancer to serve it", "Add one under \"load-balancers\": edge: {listen: 80}");
        if (route.Kind != RouteKind.Static && !cluster.LoadBalancers.Any(b => b.Listeners.Any(l => l.Protocol == ListenerProtocol.Registrations)))
            yield return new Finding($"routes.{route.Name}.kind", "apps may register for it, but no load-balancer listens for registrations", "Add a listener under \"load-balancers\": {port: 7401, protocol: registrations}");
        if (route.Kind == RouteKind.Static && !route.RegisterFrom.IsEmpty)
            yield return new Finding($"routes.{route.Name}.register-from", "no app can register for a static route", "Make it kind: limited-dynamic, or take this out");
        // A service that does not exist is reported as a reference.
        if (cluster.Services.FirstOrDefault(s => s.Name == route.Service) is not { } service)
            yield break;
        var path = $"routes.{route.Name}";
        if (service.In(route.Zone) is not { } deployment)
        {
            yield return new Finding($"{path}.zone", $"service \"{service.Name}\" does not go to zone \"{route.Zone}\"", $"It goes to {string.Join(", ", service.Deployments.Select(d => d.Zone))}");
            yield break;
        }

        var spec = deployment.Spec;
        var port = route.Port.Length == 0 ? ServiceRules.MainPort(spec) : spec.Ports.FirstOrDefault(p => p.Name == route.Port);
        if (spec.Ports.IsEmpty)
            yield return new Finding($"{path}.to", $"service \"{service.Name}\" listens nowhere", "Add a port to it, or choose another service");
        else if (port is null)
            yield return new Finding($"{path}.port", $"service \"{service.Name}\" has no port \"{route.Port}\"", DidYouMean.Hint(route.Port, spec.Ports.Select(p => p.Name)));
        else if (ListenerRules.Of(route, cluster) is var listeners && listeners.Any(l => l.Protocol == ListenerProtocol.Udp) && port.Protocol != PortProtocol.Udp)
            yield return new Finding($"{path}.port", $"port \"{port.Name}\" of service \"{service.Name}\" is TCP, and a listener of the route is UDP", "Choose a port of the other protocol");
        else if (port.Protocol != PortProtocol.Tcp && !listeners.Any(l => l.Protocol == ListenerProtocol.Udp))
            yield return new Finding($"{path}.port", $"port \"{port.Name}\" of service \"{service.Name}\" is UDP", $"{(route.ListenerNames.IsEmpty ? "HTTP" : "The route")} needs a TCP port");
    }

    private static IEnumerable<Finding> Exceptions(Cluster cluster) =>
        from route in cluster.Routes
        from m in route.Matches.Select((match, i) => (match, i))
        from e in m.match.Except.Select((path, j) => (path, j))
        where !IsBelow(e.path, m.match.Path)
        select new Finding($"routes.{route.Name}.match.{m.i}.except.{e.j}", $"{e.path} is not below {m.match.Path}, so there is nothing to except", $"Such as {m.match.Path.TrimEnd('/')}/admin");

    private static bool IsBelow(string path, string prefix) => path.StartsWith(prefix.TrimEnd('/') + "/", StringComparison.Ordinal) && path.TrimEnd('/') != prefix.TrimEnd('/');
}
