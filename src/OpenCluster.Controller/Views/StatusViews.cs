using System.Collections.Immutable;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Conducting;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.RollOuts;
using OpenCluster.Decisions.Servers;
using OpenCluster.Decisions.Sets;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;
using Route = OpenCluster.Model.Nouns.Route;

namespace OpenCluster.Controller.Views;

/// <summary>The cluster at a glance. The sentence says first what still works for customers, then what does not.</summary>
internal static class StatusViews
{
    private const int MostFaults = 4;

    /// <param name="trouble">Why nothing can be stored, if so.</param>
    /// <param name="aside">What cannot be decided about, newest first.</param>
    public static ClusterStatus Of(ClusterView view, string? trouble, ImmutableArray<AsideView> aside)
    {
        var routes = view.Cluster.Routes.Select(r => Of(view, r)).ToImmutableArray();
        var faults = Faults(view, trouble, aside).ToList();
        return new ClusterStatus
        {
            Cluster = view.Cluster.Name,
            Healthy = faults.Count == 0 && view.Cluster.Name.Length > 0,
            Sentence = string.Join(' ', [Served(view, routes), .. Shown(faults)]),
            Servers = ServerViews.Of(view),
            Services = [.. view.Services.Select(ServiceViews.Of)],
            Routes = routes,
            Balancers = [.. view.Balancers.Select(Of)],
            Pauses = Pauses(view),
        };
    }

    /// <summary>Scopes with names instead of ids, as people write them.</summary>
    public static ImmutableArray<PauseView> Pauses(ClusterView view) => [.. view.Pauses.Select(p => new PauseView(Scope(view.Cluster, p.Scope), p.By, p.Why, p.Since))];

    private static string Served(ClusterView view, ImmutableArray<RouteView> all)
    {
        // Whether apps have registered for a route is theirs to decide: nobody there is no fault of the cluster.
        ImmutableArray<RouteView> routes = [.. all.Where(r => r.Service.Length > 0)];
        if (view.Cluster.Name.Length == 0) return "No file has been applied yet.";
        if (routes.IsEmpty) return "There are no routes.";
        var served = routes.Count(r => r.Healthy > 0);
        var those = $"{served} of {routes.Length} route{(routes.Length == 1 ? " has" : "s have")} healthy targets";
        if (served == routes.Length) return $"Customers are served: {those}.";
        var dark = string.Join(", ", routes.Where(r => r.Healthy == 0).Select(r => r.Name));
        return served == 0 ? $"Customers are not served: no route has a healthy target ({dark})." : $"Customers are served in part: {those}, {dark} not.";
    }

    /// <summary>A sentence is read at a glance: of many faults the first few, and how many more.</summary>
    private static IEnumerable<string> Shown(List<string> faults) => faults.Count <= MostFaults
        ? faults
        : [.. faults.Take(MostFaults - 1), $"And {faults.Count - MostFaults + 1} more faults; the tables show them."];

    private static IEnumerable<string> Faults(ClusterView view, string? trouble, ImmutableArray<AsideView> aside)
    {
        if (trouble is not null) yield return $"Nothing can be changed: {trouble} What runs goes on.";
        if (aside is [var newest, ..])
            yield return $"The controller fails at {Source(view, newest.Source)} and has set it aside ({newest.Error}){(aside.Length == 1 ? "" : $", and {aside.Length - 1} more")}; see `opencluster status --json` and report it.";
        if (view.FrozenSince is { } since)
            yield return $"So many servers fell silent at {since:HH:mm:ss} UTC that the controller suspects itself and changes nothing.";
        foreach (var server in view.Servers.Where(s => s.Health.State != ServerState.Alive))
        {
            yield return server.Health.State switch
            {
                ServerState.Down => $"Server {server.Server.Name} is down since {server.Health.Since:HH:mm:ss} UTC.",
                ServerState.Silent => $"Server {server.Server.Name} is silent since {server.Health.HeardAt:HH:mm:ss} UTC.",
                _ => $"Server {server.Server.Name} has not reported yet.",
            };
        }

        foreach (var service in view.Services)
        {
            foreach (var zone in service.Zones.Where(z => z.Declared.Spec.Kind != RunKind.Script && z.Ready < z.Wanted))
            {
                yield return $"{Name(view, service, zone)} has {zone.Ready} of {zone.Wanted} instances ready{Because(zone)}";
            }
        }

        foreach (var space in view.Spaces)
        {
            if (space.State?.Set is not { Phase: SetPhase.Serving } set)
                yield return $"Space {space.Space.Name} takes no writes: {Ended(space.State?.Set.Why is { Length: > 0 } why ? why : "it is being made")}";
            else if (set.Members.Count(m => m != set.Primary && !IsInStep(space, m)) is > 0 and var behind)
                yield return $"Space {space.Space.Name} is written, and {behind} of its {set.Members.Length - 1} other copies {(behind == 1 ? "does" : "do")} not follow.";
        }

        // Those of a server that is silent or down go with it, and that is said above.
        foreach (var balancer in view.Balancers.Where(b => b.Process.Instance.Wanted == Wanted.Run && b.Process.Status?.Phase != InstancePhase.Ready && IsAlive(view, b.Process.Instance.ServerId)))
        {
            var why = balancer.Process.Status?.Failure is { } failure ? $": {Ended(failure.Reason)}" : ".";
            yield return $"Load-balancer {balancer.Process.Instance.Id} on {balancer.Process.Server} is not ready{why}";
        }

        foreach (var balancer in view.Balancers.Where(b => b.Report?.Refused is not null))
            yield return $"Load-balancer {balancer.Process.Instance.Id} refused its newest routes ({balancer.Report!.Refused}) and serves the ones before.";
    }

    /// <summary>Ids in it are replaced by the names people know.</summary>
    private static string Source(ClusterView view, string source)
    {
        if (AsideBook.PlaceOf(source) is not { } place) return Scope(view.Cluster, source);
        var zone = view.Cluster.Zones.FirstOrDefault(z => z.Id == place.Zone)?.Name ?? place.Zone;
        return $"{Scope(view.Cluster, $"service/{place.ServiceId}")} in {zone}";
    }

    private static string Because(ServiceZoneSight zone)
    {
        if (zone.Active is { } active) return $" ({DeploymentViews.Word(active.Phase)}).";
        if (zone.Lacks is { } lacks) return $": {Ended(lacks)}";
        if (zone.Current is null && zone.Deployments.LastOrDefault() is { Phase: DeploymentPhase.Failed, Failure: { } failure }) return $": {Ended(failure.Reason)}";
        var broken = zone.Instances.FirstOrDefault(i => i.Status is { Failure: not null, Phase: not InstancePhase.Ready });
        return broken is null ? "." : $": {broken.Instance.Id} on {broken.Server}: {Ended(broken.Status!.Failure!.Reason)}";
    }

    private static bool IsInStep(SpaceSight space, string member) =>
        space.State?.Of(member) is { Role: MemberRole.Follows, HasData: true } report && report.Follows == space.State.Set.Primary;

    private static bool IsAlive(ClusterView view, string serverId) => view.Servers.Any(s => s.Server.Id == serverId && s.Health.State == ServerState.Alive);

    private static string Ended(string sentence) => sentence[^1] is '.' or '?' ? sentence : sentence + ".";

    private static string Name(ClusterView view, ServiceSight service, ServiceZoneSight zone) =>
        view.Cluster.Zones.Length <= 1 ? $"Service {service.Service.Name}" : $"Service {service.Service.Name} in {zone.Zone}";

    private static RouteView Of(ClusterView view, Route route)
    {
        var zone = view.Services.FirstOrDefault(s => s.Service.Name == route.Service)?.Zones.FirstOrDefault(z => z.Zone == route.Zone);
        var targets = zone?.Instances.Where(i => i.Instance.Wanted == Wanted.Run).ToList() ?? [];
        return new RouteView
        {
            Name = route.Name,
            Matches = [.. route.Matches.Select(m => m.Host + m.Path)],
            Service = route.Service,
            Zone = route.Zone,
            Targets = targets.Count,
            Healthy = targets.Count(t => IsHealthy(view, t)),
        };
    }

    /// <summary>
    /// A balancer that reaches it has the last word: it is the one that serves customers, and it goes on doing so when an agent is
    /// silent. Where no balancer says anything, the agent's word counts.
    /// </summary>
    private static bool IsHealthy(ClusterView view, InstanceSight target)
    {
        var seen = view.Balancers.SelectMany(b => b.Report?.Targets ?? []).Where(t => t.Id == target.Instance.Id).ToList();
        return seen.Exists(t => t.State == TargetState.Up) || (!seen.Exists(t => t.State is TargetState.Down or TargetState.Ejected) && target.Status?.Phase == InstancePhase.Ready);
    }

    private static BalancerView Of(BalancerSight sight) => new()
    {
        Instance = sight.Process.Instance.Id,
        LoadBalancer = sight.LoadBalancer.Name,
        Server = sight.Process.Server,
        Urls = [.. sight.Listeners.Select(Url)],
        Ready = sight.Process.Status?.Phase == InstancePhase.Ready,
        Revision = sight.Report?.Revision ?? 0,
        Refused = sight.Report?.Refused,
        Requests = sight.Report?.Requests ?? 0,
        Failed = sight.Report?.Failed ?? 0,
        Warnings = sight.Report?.Warnings ?? [],
    };

    private static string Url(Listener listener)
    {
        var (scheme, usual) = listener.Protocol switch
        {
            ListenerProtocol.Http or ListenerProtocol.Registrations => ("http", 80),
            ListenerProtocol.Https => ("https", 443),
            var other => (other.ToString().ToLowerInvariant(), 0),
        };
        var host = listener.Address.Contains(':', StringComparison.Ordinal) ? $"[{listener.Address}]" : listener.Address;
        return $"{scheme}://{host}{(listener.Port == usual ? "" : $":{listener.Port}")}/";
    }

    private static string Scope(Cluster cluster, string scope)
    {
        var slash = scope.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return scope;
        var id = scope[(slash + 1)..];
        var name = scope.StartsWith("service/", StringComparison.Ordinal)
            ? cluster.Services.FirstOrDefault(s => s.Id == id)?.Name
            : cluster.Servers.FirstOrDefault(s => s.Id == id)?.Name;
        return $"{scope[..slash]}/{name ?? id}";
    }
}
