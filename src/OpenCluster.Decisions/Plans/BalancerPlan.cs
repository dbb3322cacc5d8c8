using System.Collections.Immutable;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.Placing;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Plans;

/// <summary>
/// What one load-balancer process serves, from the documents alone: equal documents, equal plan. Targets of a server that is merely
/// down stay in it: the balancers' own checks decide about those.
/// </summary>
internal static class BalancerPlan
{
    private const int FirstUnprivilegedPort = 1024;

    public static ImmutableArray<string> Processes(ClusterState state) =>
        [.. state.Objects.Cluster.LoadBalancers.SelectMany(b => state.InstancesOf(new(b.Id, ""))).Select(i => i.Id)];

    public static BalancerSnapshot? For(ClusterState state, string processId)
    {
        if (state.Instance(processId) is not { } process
            || state.Objects.LoadBalancer(process.ServiceId) is not { } balancer
            || state.Server(process.ServerId) is not { } server)
            return null;
        var isRegistrar = balancer.Listeners.Any(l => l.Protocol == ListenerProtocol.Registrations);
        return new BalancerSnapshot
        {
            Balancer = processId,
            Cluster = state.Objects.Cluster.Name,
            Location = server.Location,
            Listeners = [.. balancer.Listeners.Select(l => Filled(state, server, l))],
            Routes =
            [
                .. state.Objects.Cluster.Routes
                    .Where(r => r.LoadBalancers.IsEmpty || r.LoadBalancers.Contains(balancer.Name))
                    .Select(r => Route(state, r))
                    .OfType<RoutePlan>(),
            ],
            Purges = [.. state.Purges.Values.OrderBy(p => p.Number)],
            Peers = RegistrarPlan.Peers(state),
            Sites = isRegistrar ? RegistrarPlan.Sites(state) : [],
            Endpoints = isRegistrar ? RegistrarPlan.Endpoints(state) : [],
            Certificates = [.. state.Objects.Cluster.Certificates.Where(c => c.LoadBalancers.IsEmpty || c.LoadBalancers.Contains(balancer.Name))],
            AccessLog = balancer.AccessLog,
            Traces = balancer.Traces,
        };
    }

    public static Listener Filled(ClusterState state, Server server, Listener listener)
    {
        var offset = listener.Port < FirstUnprivilegedPort ? state.Seen.Find(server.Id)?.LowPortOffset ?? 0 : 0;
        return listener with
        {
            Address = listener.Address.Length > 0 ? listener.Address : ServerPlan.AddressOf(state, server),
            Port = listener.Port + offset,
        };
    }

    private static RoutePlan? Route(ClusterState state, Route route)
    {
        var service = state.Objects.Cluster.Services.FirstOrDefault(s => s.Name == route.Service);
        if (service?.In(route.Zone) is null && route.Kind == RouteKind.Static && route.Redirect is null)
            return null;
        var running = service is null ? [] : state.InstancesOf(new ServiceZone(service.Id, state.Objects.ZoneId(route.Zone))).Where(i => i.Wanted is Wanted.Run or Wanted.Drain).ToList();
        return new RoutePlan
        {
            Id = route.Id,
            Name = route.Name,
            Kind = route.Kind,
            Matches = route.Matches,
            Redirect = route.Redirect,
            Listeners = route.ListenerNames,
            Rules = route.Rules,
            Check = Check(state, route, running),
            Targets = [.. running.Select(i => Target(state, route, i)).OfType<Target>()],
        };
    }

    private static Target? Target(ClusterState state, Route route, Instance instance)
    {
        if (state.Server(instance.ServerId) is not { } server
            || state.Seen.Find(server.Id)?.Listening.FirstOrDefault(l => l.InstanceId == instance.Id) is not { } listening
            || PortOf(state, instance, listening, route.Port) is not { } port)
            return null;
        return new Target
        {
            Id = instance.Id,
            Address = listening.Address,
            Port = port,
            Location = server.Location,
            Server = server.Name,
            Release = state.Release(instance.ReleaseId)?.Number ?? 0,
            Incompatible = state.Release(instance.ReleaseId)?.Spec?.RollOut.Incompatible ?? false,
            Draining = instance.Wanted == Wanted.Drain,
        };
    }

    public static int? PortOf(ClusterState state, Instance instance, Listening listening, string name)
    {
        if (name.Length > 0)
            return listening.Ports.TryGetValue(name, out var named) ? named : null;
        if (listening.Ports.TryGetValue("http", out var http))
            return http;
        // The main port is the first of the specification; without any there is one, whatever the agent calls it.
        var first = Facts.SpecOf(state, instance)?.Ports.FirstOrDefault()?.Name;
        if (first is not null && listening.Ports.TryGetValue(first, out var main))
            return main;
        return listening.Ports.IsEmpty ? null : listening.Ports.First().Value;
    }

    /// <summary>
    /// The check of what runs. While two releases with different checks run side by side, a TCP connect is all that both pass:
    /// the agents go on checking each with its own.
    /// </summary>
    private static HealthCheck? Check(ClusterState state, Route route, List<Instance> running)
    {
        HealthCheck? one = null;
        foreach (var releaseId in running.Select(i => i.ReleaseId).OfType<string>().Distinct(StringComparer.Ordinal).Order(IdOrder.Instance))
        {
            var check = state.Release(releaseId)?.Spec?.Check;
            if (check is null or { Kind: CheckKind.Command } || !SamePort(check.Port, route.Port))
                return null;
            if (one is not null && one != check)
                return null;
            one = check;
        }

        return one;
    }

    private static bool SamePort(string a, string b) => Main(a) == Main(b);

    private static string Main(string port) => port == "http" ? "" : port;
}
