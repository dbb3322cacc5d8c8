using System.Collections.Frozen;
using OpenCluster.LoadBalancer.Routing;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Relaying;

/// <summary>Which route has the connections and datagrams of a listener, for TLS by the host asked for: exactly, then <c>*.parent</c>, then <c>*</c>. Immutable.</summary>
internal sealed class StreamRoutes
{
    private readonly FrozenDictionary<(string Listener, string Host), RouteEntry> _routes;

    public StreamRoutes(IEnumerable<(RoutePlan Plan, RouteEntry Route)> routes)
    {
        var found = new Dictionary<(string, string), RouteEntry>();
        foreach (var (plan, route) in routes)
        {
            foreach (var listener in plan.Listeners)
            {
                if (plan.Matches.IsEmpty) found.TryAdd((listener, "*"), route);
                foreach (var match in plan.Matches) found.TryAdd((listener, match.Host.ToLowerInvariant()), route);
            }
        }
        _routes = found.ToFrozenDictionary();
    }

    public static StreamRoutes Empty { get; } = new([]);

    /// <param name="host">Lower case; empty when none is asked for.</param>
    public RouteEntry? Find(string listener, string host = "")
    {
        if (host.Length > 0)
        {
            if (_routes.TryGetValue((listener, host), out var exact)) return exact;
            var dot = host.IndexOf('.', StringComparison.Ordinal);
            if (dot > 0 && _routes.TryGetValue((listener, "*" + host[dot..]), out var wildcard)) return wildcard;
        }
        return _routes.GetValueOrDefault((listener, "*"));
    }
}
