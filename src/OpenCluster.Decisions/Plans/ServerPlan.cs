using System.Collections.Immutable;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Plans;

/// <summary>What one server should do, from the documents alone: equal documents, equal plan.</summary>
internal static class ServerPlan
{
    /// <summary>
    /// Null for a server this store never knew: a controller that came up with an empty store must not make every agent stop
    /// everything. One that it did know has left.
    /// </summary>
    public static Assignment? For(ClusterState state, string serverId)
    {
        var cluster = state.Objects.Cluster;
        if (state.Server(serverId) is not { } server)
            return state.HasGiven(serverId) ? new Assignment { ServerId = serverId, ServerName = serverId, Cluster = cluster.Name, Removed = true } : null;

        var instances = state.InstancesOn(serverId).Select(id => state.Instance(id)!).ToList();
        var scripts = instances.Where(i => IsScript(state, i)).ToList();
        return new Assignment
        {
            ServerId = serverId,
            ServerName = server.Name,
            Cluster = cluster.Name,
            Heartbeat = cluster.Settings.Heartbeat,
            Instances = [.. instances.Except(scripts).Select(i => Order(state, server, i)).OfType<InstanceOrder>()],
            Scripts = [.. scripts.Select(i => Script(state, server, i)).OfType<ScriptOrder>()],
            Builds = [.. state.BuildsOn(serverId).Select(id => Build(state, state.Release(id)!))],
            Sets = SetPlan.Seats(state, serverId),
            KeepReleases = Kept(state, instances),
        };
    }

    private static InstanceOrder? Order(ClusterState state, Server server, Instance instance)
    {
        var release = state.Release(instance.ReleaseId);
        var balancer = state.Objects.LoadBalancer(instance.ServiceId);
        var space = state.Objects.Space(instance.ServiceId);
        var spec = release?.Spec ?? (space is not null ? BuiltIn.Space(space) : balancer is not null ? BuiltIn.LoadBalancer(balancer) : instance.ServiceId == Parts.Controller ? BuiltIn.Controller : null);
        // A built-in part whose declaration is gone has nothing to be run with; its agent stops what it has no order for.
        if (spec is null)
            return null;
        return new InstanceOrder
        {
            Id = instance.Id,
            ServiceId = instance.ServiceId,
            Service = balancer?.Name ?? space?.Name ?? ServiceName(state, instance),
            Zone = ZoneName(state, server, instance),
            Location = server.Location,
            Address = AddressOf(state, server),
            Wanted = instance.Wanted,
            Release = release is null ? null : Reference(release),
            Spec = spec,
            BalancerId = balancer?.Id,
            Secrets = release is null ? [] : SecretCare.Given(state, release.Secrets),
            SetId = space?.Id,
            Registrars = RegistrarPlan.IsApp(state.Objects.Service(instance.ServiceId)) ? RegistrarPlan.Registrars(state) : [],
        };
    }

    private static ScriptOrder? Script(ClusterState state, Server server, Instance instance) => state.Release(instance.ReleaseId) is not { Spec: { } spec } release
        ? null
        : new ScriptOrder
        {
            InstanceId = instance.Id,
            Service = ServiceName(state, instance),
            Zone = ZoneName(state, server, instance),
            Location = server.Location,
            Release = Reference(release),
            Spec = spec,
            Secrets = SecretCare.Given(state, release.Secrets),
        };

    private static BuildOrder Build(ClusterState state, Release release) => new()
    {
        ReleaseId = release.Id,
        ServiceId = release.ServiceId,
        Service = state.Objects.Service(release.ServiceId)?.Name ?? release.ServiceId,
        Git = release.SourceDigest is null ? state.Objects.Service(release.ServiceId)?.Source?.Git : null,
        Commit = release.Commit,
        Branch = release.Branch,
        SourceDigest = release.SourceDigest,
        Build = release.Build,
        Secrets = SecretCare.Given(state, SecretCare.Now(state, release.Build?.Secrets ?? [])),
    };

    /// <summary>The newest spare releases of services that run here, so that going back needs no download.</summary>
    private static ImmutableArray<string> Kept(ClusterState state, List<Instance> instances)
    {
        var kept = new SortedSet<string>(Placing.IdOrder.Instance);
        foreach (var place in instances.Where(i => i.Zone.Length > 0).Select(i => new ServiceZone(i.ServiceId, i.Zone)).Distinct())
        {
            var rule = state.Objects.Service(place.ServiceId)?.Keep ?? new RetentionRule();
            foreach (var release in RollOuts.Retention.Spare(state.ReleasesOf(place.ServiceId).Where(r => r.Zone == place.Zone && r.Digest is not null), _ => false, rule))
                kept.Add(release.Id);
        }

        return [.. kept];
    }

    public static string AddressOf(ClusterState state, Server server) => state.Seen.Find(server.Id)?.Address ?? server.Address ?? "";

    private static bool IsScript(ClusterState state, Instance instance) => Facts.SpecOf(state, instance)?.Kind == RunKind.Script;

    private static ReleaseRef Reference(Release release) => new(release.Id, release.Number, release.Digest, release.SizeBytes, release.Commit);

    private static string ServiceName(ClusterState state, Instance instance) => state.Objects.Service(instance.ServiceId)?.Name ?? instance.ServiceId;

    private static string ZoneName(ClusterState state, Server server, Instance instance) =>
        instance.Zone.Length == 0 ? server.Zone : state.Objects.ZoneName(instance.Zone);
}
