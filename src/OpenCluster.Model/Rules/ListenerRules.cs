using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Rules;

/// <summary>Listeners: one per address, HTTPS with a certificate, and every connection of a tcp, tls or udp listener with one route to go.</summary>
internal static class ListenerRules
{
    public static IEnumerable<Finding> Check(Cluster cluster) => [.. Addresses(cluster), .. cluster.LoadBalancers.SelectMany(b => Keys(b, cluster)), .. Routes(cluster)];

    /// <summary>The listeners that a route names, on the load-balancers that serve it.</summary>
    public static IReadOnlyList<Listener> Of(Route route, Cluster cluster) =>
        [.. Balancers(route, cluster).SelectMany(b => b.Listeners).Where(l => route.ListenerNames.Contains(l.Name))];

    private static IEnumerable<LoadBalancer> Balancers(Route route, Cluster cluster) =>
        cluster.LoadBalancers.Where(b => route.LoadBalancers.IsEmpty || route.LoadBalancers.Contains(b.Name));

    private static IEnumerable<Finding> Addresses(Cluster cluster)
    {
        var owners = new Dictionary<(string Server, bool Udp, string Address, int Port), LoadBalancer>();
        foreach (var balancer in cluster.LoadBalancers)
        {
            var path = $"load-balancers.{balancer.Name}.listen";
            if (balancer.Listeners.IsEmpty)
                yield return new Finding(path, "it listens nowhere", "Name a port: listen: 80");
            foreach (var twice in balancer.Listeners.GroupBy(l => l.Name).Where(g => g.Count() > 1))
                yield return new Finding(path, $"two listeners are called \"{twice.Key}\"", "Give each a name of its own");
            foreach (var twice in balancer.Listeners.GroupBy(l => (IsUdp(l), l.Address, l.Port)).Where(g => g.Count() > 1))
                yield return new Finding(path, $"it listens at port {twice.Key.Port} twice", "Take one out");
            if (SharedPort(balancer, cluster, owners) is { } shared)
                yield return new Finding(path, $"load-balancer \"{shared.Other.Name}\" listens at port {shared.Port} of server \"{shared.Server}\" as well", "Choose another port, or another role");
        }
    }

    private static (LoadBalancer Other, int Port, string Server)? SharedPort(
        LoadBalancer balancer, Cluster cluster, Dictionary<(string Server, bool Udp, string Address, int Port), LoadBalancer> owners)
    {
        foreach (var server in cluster.Servers.Where(s => s.Roles.Contains(balancer.Role) && (balancer.Zone is null || s.Zone == balancer.Zone)))
        {
            foreach (var listener in balancer.Listeners)
            {
                var key = (server.Name, IsUdp(listener), listener.Address, listener.Port);
                if (!owners.TryAdd(key, balancer) && owners[key] is var other && other != balancer)
                    return (other, listener.Port, server.Name);
            }
        }
        return null;
    }

    private static bool IsUdp(Listener listener) => listener.Protocol == ListenerProtocol.Udp;

    /// <summary>Keys that have a meaning for one protocol only.</summary>
    private static IEnumerable<Finding> Keys(LoadBalancer balancer, Cluster cluster)
    {
        for (var i = 0; i < balancer.Listeners.Length; i++)
        {
            var listener = balancer.Listeners[i];
            var path = $"load-balancers.{balancer.Name}.listen.{i}";
            var protocol = listener.Protocol.ToString().ToLowerInvariant();
            if (listener.Protocol == ListenerProtocol.Https)
            {
                if (!cluster.Certificates.Any(c => Uses(balancer, c)))
                    yield return new Finding(path, "there is no certificate for HTTPS", "Add one under \"certificates\": example: {file: /etc/…/example.pem, key: /etc/…/example.key}");
                else if (cluster.Certificates.FirstOrDefault(c => c.Name == listener.Certificate) is { } chosen && !Uses(balancer, chosen))
                    yield return new Finding($"{path}.certificate", $"certificate \"{chosen.Name}\" is not for this load-balancer", $"Add \"{balancer.Name}\" to its load-balancers, or choose another");
                continue;
            }
            if (listener.Certificate is not null)
                yield return new Finding($"{path}.certificate", $"a listener of {protocol} shows no certificate", "Choose https, or take this out");
            if (listener.ClientAuthorities is not null)
                yield return new Finding($"{path}.client-authorities", $"a listener of {protocol} sees no certificates of clients", "Choose https, or take this out");
            if (IsUdp(listener) && listener.ConnectionsPerClient is not null)
                yield return new Finding($"{path}.connections-per-client", "datagrams are no connections", "Bound a client's sessions on the route: admit: {per-client: {at-once: 10}}");
            if (IsUdp(listener) && !listener.ProxyFrom.IsEmpty)
                yield return new Finding($"{path}.proxy-from", "datagrams do not begin with the PROXY protocol", "Take this out");
        }
    }

    private static bool Uses(LoadBalancer balancer, Certificate certificate) => certificate.LoadBalancers.IsEmpty || certificate.LoadBalancers.Contains(balancer.Name);

    private static IEnumerable<Finding> Routes(Cluster cluster)
    {
        var claims = new Dictionary<(string Balancer, string Listener, string Host), Route>();
        foreach (var route in cluster.Routes)
        {
            if (route.Rules.Speak == TargetHttp.Http2 && route.Rules.ProxyProtocol != ProxyProtocol.None)
                yield return new Finding($"routes.{route.Name}.proxy-protocol", "over HTTP/2 many clients share a connection, and the PROXY protocol tells of one alone", "Take it out: instances are told of the client by X-Forwarded-For; or speak http1");
            if (!route.ListenerNames.IsEmpty)
            {
                foreach (var finding in Unfit(route, cluster).Concat(ForRequests(route)).Concat(Claims(route, cluster, claims)))
                    yield return finding;
            }
            else if (route.Matches.IsEmpty)
            {
                yield return new Finding($"routes.{route.Name}", "it answers to nothing", "Add \"match:\" with hosts or paths, or \"listeners:\" for TCP and UDP");
            }
            else if (route.Rules.Admit.ClientCertificate is not null && !Balancers(route, cluster).Any(b => b.Listeners.Any(l => l.ClientAuthorities is not null)))
            {
                yield return new Finding($"routes.{route.Name}.admit.client-certificate", "no listener of its load-balancers asks clients for a certificate, so nobody could come", "Add \"client-authorities:\" to a listener of https");
            }
        }
    }

    private static IEnumerable<Finding> Unfit(Route route, Cluster cluster)
    {
        var path = $"routes.{route.Name}";
        var found = Of(route, cluster);
        for (var i = 0; i < route.ListenerNames.Length; i++)
        {
            if (found.FirstOrDefault(l => l.Name == route.ListenerNames[i]) is not { } listener)
                yield return new Finding($"{path}.listeners.{i}", $"no load-balancer of the route has a listener \"{route.ListenerNames[i]}\"", "Add it under \"listen\" of the load-balancer");
            else if (Listener.SpeaksHttp(listener.Protocol))
                yield return new Finding($"{path}.listeners.{i}", "a listener of HTTP serves all routes of hosts and paths", "Take it out, or name listeners of tcp, udp or tls");
        }
        var (tls, others) = (found.Any(l => l.Protocol == ListenerProtocol.Tls), found.Any(l => l.Protocol != ListenerProtocol.Tls));
        if (tls && route.Matches.IsEmpty)
            yield return new Finding(path, "of connections that come by TLS it must be said which hosts go there", "Add \"match:\", such as example.org, or \"*\" for any");
        if (others && !tls && !route.Matches.IsEmpty)
            yield return new Finding($"{path}.match", "a connection of TCP or UDP has no host and no path", "Take it out");
        foreach (var (match, i) in route.Matches.Select((m, i) => (m, i)))
        {
            if (match.Path != "/" || match.Strip || !match.Except.IsEmpty)
                yield return new Finding($"{path}.match.{i}", "TLS that passes through shows a host, and no path", "Name the host alone");
        }
        if (found.Any(l => l.Protocol == ListenerProtocol.Udp) && (route.Rules.Tls is not null || route.Rules.ProxyProtocol != ProxyProtocol.None))
            yield return new Finding(path, "UDP goes without TLS and PROXY protocol", "Take out \"tls\" and \"proxy-protocol\"");
        if (route.Rules.Speak != TargetHttp.Http1)
            yield return new Finding($"{path}.speak", "connections of TCP, UDP and TLS that pass through are not looked into", "Take it out");
        if (tls && route.Rules.Tls is not null)
            yield return new Finding($"{path}.tls", "TLS passes through already", "Take it out");
    }

    /// <summary>Keys that speak of requests, which a connection whose bytes pass as they are does not show.</summary>
    private static IEnumerable<Finding> ForRequests(Route route)
    {
        var (rules, usual) = (route.Rules, new RouteRules());
        var keys = new (string Key, bool IsSet)[]
        {
            ("redirect", route.Redirect is not null),
            ("plain-http", rules.PlainHttp != usual.PlainHttp),
            ("admit.client-certificate", rules.Admit.ClientCertificate is not null),
            ("admit.max-head", rules.Admit.MaxHeadBytes != usual.Admit.MaxHeadBytes),
            ("balance.hash-by", rules.Balance.Key.Source != usual.Balance.Key.Source),
            ("balance.sticky", rules.Balance.Sticky is not null),
            ("cache", rules.Cache is not null),
            ("timeout", rules.Timeout != usual.Timeout),
            ("max-body", rules.MaxBodyBytes != usual.MaxBodyBytes),
            ("offline-page", rules.OfflinePage.Length > 0),
        };
        return from key in keys where key.IsSet select new Finding($"routes.{route.Name}.{key.Key}", "it is for requests of HTTP, and this route has connections of TCP, TLS or UDP", "Take it out");
    }

    private static IEnumerable<Finding> Claims(Route route, Cluster cluster, Dictionary<(string Balancer, string Listener, string Host), Route> claims)
    {
        foreach (var balancer in Balancers(route, cluster))
        {
            foreach (var listener in balancer.Listeners.Where(l => route.ListenerNames.Contains(l.Name)))
            {
                foreach (var host in listener.Protocol == ListenerProtocol.Tls ? route.Matches.Select(m => m.Host) : [""])
                {
                    if (!claims.TryAdd((balancer.Name, listener.Name, host), route) && claims[(balancer.Name, listener.Name, host)] is var other && other != route)
                        yield return new Finding($"routes.{route.Name}.listeners", $"route \"{other.Name}\" has listener \"{listener.Name}\" of load-balancer \"{balancer.Name}\"{(host.Length > 0 ? $" for {host}" : "")} as well", "Choose another listener");
                }
            }
        }
    }
}
