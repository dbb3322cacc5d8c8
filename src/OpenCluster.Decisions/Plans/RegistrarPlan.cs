using System.Collections.Immutable;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Plans;

/// <summary>What a service's instances may do at load-balancers, by a token of the service.</summary>
/// <param name="Route">Id of the route they may register for; null for none.</param>
/// <param name="Endpoints">What they may ask the broker for.</param>
public sealed record AppGrant(string ServiceId, string Service, string? Route, ImmutableArray<string> Endpoints);

/// <summary>What a load-balancer that takes registrations and answers as broker must know besides its routes, from the documents alone.</summary>
internal static class RegistrarPlan
{
    /// <summary>Of every service that registers or asks the broker.</summary>
    public static ImmutableArray<AppGrant> Grants(ClusterState state) =>
    [
        .. from service in state.Objects.Cluster.Services
           where IsApp(service)
           select new AppGrant(service.Id, service.Name, state.Objects.Cluster.Routes.FirstOrDefault(r => r.Name == service.Registers)?.Id, service.ConnectsTo),
    ];

    public static bool IsApp(Service? service) => service is not null && (service.Registers is not null || !service.ConnectsTo.IsEmpty);

    /// <summary>Where load-balancers take registrations, as URLs.</summary>
    public static ImmutableArray<string> Registrars(ClusterState state) =>
    [
        .. from id in BalancerPlan.Processes(state)
           let process = state.Instance(id)
           let server = state.Server(process.ServerId)
           let balancer = state.Objects.LoadBalancer(process.ServiceId)
           where server is not null && balancer is not null
           from listener in balancer.Listeners
           where listener.Protocol == ListenerProtocol.Registrations
           select "http://" + Socket(state, server, listener),
    ];

    /// <summary>Balancers that have said where peers reach them. One that never did is no peer: there is nothing to know it by.</summary>
    public static ImmutableArray<Peer> Peers(ClusterState state) =>
    [
        .. from id in BalancerPlan.Processes(state)
           let process = state.Instance(id)
           let server = state.Server(process.ServerId)
           let balancer = state.Objects.LoadBalancer(process.ServiceId)
           where server is not null && balancer is not null && state.Peers.Has(id)
           let at = state.Peers.Find(id)!.At
           select new Peer
           {
               Balancer = id,
               Address = ServerPlan.AddressOf(state, server),
               Port = at.Port,
               Fingerprint = at.Fingerprint,
               Location = server.Location,
               Registrars = [.. balancer.Listeners.Where(l => l.Protocol == ListenerProtocol.Registrations).Select(l => Socket(state, server, l))],
           },
    ];

    public static ImmutableArray<Site> Sites(ClusterState state) =>
    [
        .. state.Objects.Cluster.Routes.Select(r => new Site { Route = r.Id, Name = r.Name, Kind = r.Kind, Matches = r.Matches, RegisterFrom = r.RegisterFrom }),
    ];

    public static ImmutableArray<BrokeredEndpoint> Endpoints(ClusterState state) =>
    [
        .. state.Objects.Cluster.Services.SelectMany(s => OfService(state, s)),
        .. state.Objects.Cluster.Data.Select(s => OfSpace(state, s)),
        .. state.Objects.Cluster.Endpoints.Select(e => new BrokeredEndpoint
        {
            Name = e.Name,
            Protocol = e.Protocol,
            User = e.User,
            Secret = e.Secret,
            Places = [new BrokeredPlace(e.Id, e.Host, e.Port)],
        }),
    ];

    /// <summary>The primary's address; none while there is no primary, so that nobody is sent to one that may write no more.</summary>
    private static BrokeredEndpoint OfSpace(ClusterState state, DataSpace space) => new()
    {
        Name = space.Name,
        Protocol = "redis",
        User = "app",
        Places = state.Sets.Find(space.Id) is { Phase: Sets.SetPhase.Serving, Primary: { } primary } && state.Server(primary) is { } server
            ? [new BrokeredPlace(server.Id, ServerPlan.AddressOf(state, server), space.Port, server.Location)]
            : [],
    };

    /// <summary>A service's main port under its own name, each further one as SERVICE.PORT, wherever in its zones it listens.</summary>
    private static IEnumerable<BrokeredEndpoint> OfService(ClusterState state, Service service)
    {
        var running = service.Deployments
            .SelectMany(d => state.InstancesOf(new ServiceZone(service.Id, state.Objects.ZoneId(d.Zone))))
            .Where(i => i.Wanted == Wanted.Run).ToList();
        var ports = service.Deployments.SelectMany(d => d.Spec.Ports).Where(p => p.Protocol == PortProtocol.Tcp).Select(p => p.Name).Distinct(StringComparer.Ordinal);
        return ports.Order(StringComparer.Ordinal).Prepend("").Select(port => new BrokeredEndpoint
        {
            Name = port.Length == 0 ? service.Name : $"{service.Name}.{port}",
            Protocol = port is "" or "http" ? "http" : port,
            Places = [.. running.Select(i => Place(state, i, port)).OfType<BrokeredPlace>()],
        });
    }

    private static BrokeredPlace? Place(ClusterState state, Instance instance, string port) =>
        state.Server(instance.ServerId) is { } server
        && state.Seen.Find(server.Id)?.Listening.FirstOrDefault(l => l.InstanceId == instance.Id) is { } listening
        && BalancerPlan.PortOf(state, instance, listening, port) is { } number
            ? new BrokeredPlace(instance.Id, listening.Address, number, server.Location)
            : null;

    private static string Socket(ClusterState state, Server server, Listener listener)
    {
        var filled = BalancerPlan.Filled(state, server, listener);
        // Listening everywhere is reached at the server's own address.
        var address = System.Net.IPAddress.TryParse(filled.Address, out var ip) && !ip.Equals(System.Net.IPAddress.Any) && !ip.Equals(System.Net.IPAddress.IPv6Any)
            ? ip.ToString() : ServerPlan.AddressOf(state, server);
        return address.Contains(':') ? $"[{address}]:{filled.Port}" : $"{address}:{filled.Port}";
    }
}
