using System.Net;
using OpenCluster.Decisions.Routing;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Configuration;

/// <summary>Finds everything wrong with a snapshot before any of it is used.</summary>
internal static class SnapshotCheck
{
    public static IReadOnlyList<string> Errors(BalancerSnapshot snapshot)
    {
        var errors = new List<string>();
        if (!IsComplete(snapshot)) return ["it is not complete: a list or the rules of a route are missing"];
        if (snapshot.Traces is { To: var to } && !(Uri.TryCreate(to, UriKind.Absolute, out var collector) && collector.Scheme is "http" or "https")) errors.Add($"traces: \"{to}\" is not a URL of http or https");
        Listeners(snapshot, errors);
        var routeIds = new HashSet<string>(StringComparer.Ordinal);
        var claims = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var route in snapshot.Routes)
        {
            if (!routeIds.Add(route.Id)) errors.Add($"two routes have the id {route.Id}");
            foreach (var name in route.Listeners)
                if (!snapshot.Listeners.Any(l => l.Name == name && l.Protocol is ListenerProtocol.Tcp or ListenerProtocol.Tls or ListenerProtocol.Udp)) errors.Add($"route {route.Name}: there is no listener {name} of tcp, tls or udp");
            // Hosts of TLS that passes through are claimed per listener, not among the hosts and paths of HTTP.
            foreach (var match in route.Listeners.IsEmpty ? route.Matches : []) Match(route, match, claims, errors);
            Rules(route, errors);
            foreach (var target in route.Targets) Target(route, target, errors);
        }
        foreach (var place in snapshot.Routes.SelectMany(r => r.Matches).GroupBy(m => (m.Host.ToLowerInvariant(), PathText.Prefix(m.Path))).Where(p => p.Count() > RouteTable<RoutePlan>.MostAtOnePlace))
            errors.Add($"{place.Count()} matches for {place.Key.Item1}{place.Key.Item2} that differ by method or header only; at most {RouteTable<RoutePlan>.MostAtOnePlace} are tried one after the other");
        return errors;
    }

    /// <summary>What JSON left out is not there at all: lists are then not even empty.</summary>
    private static bool IsComplete(BalancerSnapshot snapshot) =>
        !snapshot.Listeners.IsDefault && !snapshot.Routes.IsDefault
        && snapshot.Routes.All(r => r.Rules is { Balance: not null, Admit: { PerClient: not null, InAll: not null } } && !r.Rules.Admit.From.IsDefault && !r.Rules.Admit.NotFrom.IsDefault && r.Web is not null && !r.Targets.IsDefault && !r.Matches.IsDefault && r.Matches.All(m => !m.Except.IsDefault));

    private static void Listeners(BalancerSnapshot snapshot, List<string> errors)
    {
        var addresses = new Dictionary<(bool, string, int), string>();
        foreach (var listener in snapshot.Listeners)
        {
            if (!IPAddress.TryParse(listener.Address, out _)) errors.Add($"listener {listener.Name}: \"{listener.Address}\" is not an IP address");
            if (listener.Port is < 1 or > 65535) errors.Add($"listener {listener.Name}: {listener.Port} is not a port from 1 to 65535");
            var key = (listener.Protocol == ListenerProtocol.Udp, listener.Address, listener.Port);
            if (!addresses.TryAdd(key, listener.Name)) errors.Add($"listeners {addresses[key]} and {listener.Name} both want {listener.Address}:{listener.Port}");
            foreach (var network in listener.ProxyFrom.Where(n => !Networks.IsNetwork(n))) errors.Add($"listener {listener.Name}: \"{network}\" is not a network");
            if (listener.Protocol == ListenerProtocol.Https && snapshot.Certificates.IsEmpty) errors.Add($"listener {listener.Name}: there is no certificate for HTTPS");
        }
    }

    private static void Match(RoutePlan route, RouteMatch match, Dictionary<string, string> claims, List<string> errors)
    {
        var host = match.Host.ToLowerInvariant();
        var isWildcard = host == "*" || host.StartsWith("*.", StringComparison.Ordinal);
        if (host.Length is 0 or > 255 || (isWildcard ? host[1..] : host).Contains('*')) errors.Add($"route {route.Name}: \"{match.Host}\" is not a host, *.host or *");
        foreach (var path in match.Except.Prepend(match.Path))
            if (!path.StartsWith('/') || path.Length > 2048) errors.Add($"route {route.Name}: the path \"{path}\" must start with / and have at most 2,048 characters");
        if (!claims.TryAdd(match.Place(), route.Name))
            errors.Add($"routes {claims[match.Place()]} and {route.Name} both claim {match.Host}{match.Path}");
    }

    private static void Rules(RoutePlan route, List<string> errors)
    {
        var rules = route.Rules;
        if (rules.Timeout <= TimeSpan.Zero || rules.ConnectTimeout <= TimeSpan.Zero) errors.Add($"route {route.Name}: time limits must be above zero");
        if (rules.Retries is < 0 or > 5) errors.Add($"route {route.Name}: {rules.Retries} retries are not 0 to 5");
        if (rules.RetryBudget is < 0 or > 1 or double.NaN) errors.Add($"route {route.Name}: a retry budget of {rules.RetryBudget} is not 0 to 1");
        if (rules.WaitFor < TimeSpan.Zero || rules.WaitRequests < 0 || rules.SlowStart < TimeSpan.Zero || rules.MaxBodyBytes < 0)
            errors.Add($"route {route.Name}: a wait, slow start or body limit is below zero");
        if (route.Check is { } check && (check.Every < TimeSpan.FromMilliseconds(100) || check.Timeout <= TimeSpan.Zero || (check.Kind == CheckKind.Http && !check.Path.StartsWith('/'))))
            errors.Add($"route {route.Name}: its check must come at most every 100 ms, have a time limit above zero, and a path that starts with /");
        if (route.Rules.Admit.From.Concat(route.Rules.Admit.NotFrom).FirstOrDefault(n => !IPAddress.TryParse(n, out _) && !IPNetwork.TryParse(n, out _)) is { } network)
            errors.Add($"route {route.Name}: \"{network}\" is neither an address nor a network such as 192.0.2.0/24");
        if (route.Redirect is { Status: not (301 or 302 or 303 or 307 or 308) } redirect) errors.Add($"route {route.Name}: {redirect.Status} is no status of a redirect");
        if (route.WebRoot is { } root && !Path.IsPathFullyQualified(root)) errors.Add($"route {route.Name}: the web root \"{root}\" is not an absolute path");
    }

    private static void Target(RoutePlan route, Target target, List<string> errors)
    {
        if (!IPAddress.TryParse(target.Address, out _)) errors.Add($"route {route.Name}, target {target.Id}: \"{target.Address}\" is not an IP address");
        if (target.Port is < 1 or > 65535 && target.Reverse is null) errors.Add($"route {route.Name}, target {target.Id}: {target.Port} is not a port from 1 to 65535");
        if (target.Weight is < 1 or > 1000) errors.Add($"route {route.Name}, target {target.Id}: a weight of {target.Weight} is not 1 to 1,000");
    }
}
