using System.Collections.Immutable;
using OpenCluster.Decisions.Placing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>Makes a <see cref="ClusterView"/>. Costs with the size of the cluster; meant for people who look, not for every event.</summary>
internal static class Viewing
{
    public static ClusterView Of(Situation situation)
    {
        var state = situation.State;
        var cluster = state.Objects.Cluster;
        return new ClusterView
        {
            Cluster = cluster,
            Servers = [.. cluster.Servers.Select(s => Server(situation, s, leaving: false)), .. state.Objects.Leaving.Select(s => Server(situation, s, leaving: true))],
            Services = [.. cluster.Services.Select(s => Service(situation, s))],
            Balancers = [.. cluster.LoadBalancers.SelectMany(b => state.InstancesOf(new(b.Id, "")).Select(i => Balancer(situation, b, i)))],
            Spaces = [.. cluster.Data.Select(s => new SpaceSight(s, situation.Sets.GetValueOrDefault(s.Id), situation.Paused(serviceId: s.Id)))],
            Instances = [.. state.Instances.OrderBy(i => i.ServiceId, IdOrder.Instance).ThenBy(i => i.Id, IdOrder.Instance).Select(i => Instance(situation, i))],
            Pauses = [.. state.Pauses.Values.OrderBy(p => p.Scope, StringComparer.Ordinal)],
            Notes = [.. situation.Notes.All],
            Files = [.. state.Files.Values],
            FrozenSince = situation.Doubt.FrozenSince,
        };
    }

    private static ServerSight Server(Situation situation, Server server, bool leaving) => new(
        server,
        situation.HealthOf(server.Id),
        situation.Servers.GetValueOrDefault(server.Id)?.Report,
        Plans.ServerPlan.AddressOf(situation.State, server),
        leaving,
        situation.Paused(serverId: server.Id),
        situation.State.Respites.Find(server.Id));

    private static ServiceSight Service(Situation situation, Service service) => new(
        service,
        [.. service.Deployments.Select(d => Zone(situation, service, d))],
        [.. situation.State.ReleasesOf(service.Id).Select(r => r with { Zone = situation.State.Objects.ZoneName(r.Zone) })]);

    private static ServiceZoneSight Zone(Situation situation, Service service, ZoneDeployment declared)
    {
        var state = situation.State;
        var place = new ServiceZone(service.Id, state.Objects.ZoneId(declared.Zone));
        var facts = Facts.Instances(situation, place);
        var deployments = state.DeploymentsOf(place).Select(d => d with { Zone = declared.Zone }).ToImmutableArray();
        return new(
            declared.Zone,
            declared,
            state.Current(place),
            deployments.LastOrDefault(d => d.Active),
            declared.Spec.Kind == RunKind.Script ? state.Objects.ServersIn(declared.Zone).Count(s => Facts.Fits(s, service, declared.Spec)) : declared.Spec.Instances,
            facts.Count(f => f is { Runs: true, Ready: true }),
            [.. facts.Select(f => Instance(situation, f.Instance))],
            deployments,
            situation.SaidMissing.GetValueOrDefault(place));
    }

    private static BalancerSight Balancer(Situation situation, LoadBalancer balancer, Instance process)
    {
        var seen = situation.Balancers.GetValueOrDefault(process.Id);
        return new(Instance(situation, process), balancer, seen?.Report, seen?.HeardAt, Plans.BalancerPlan.For(situation.State, process.Id)?.Listeners ?? []);
    }

    private static InstanceSight Instance(Situation situation, Instance instance)
    {
        var state = situation.State;
        var server = state.Server(instance.ServerId);
        return new(
            instance with { Zone = instance.Zone.Length == 0 ? server?.Zone ?? "" : state.Objects.ZoneName(instance.Zone) },
            state.Objects.Service(instance.ServiceId)?.Name ?? state.Objects.LoadBalancer(instance.ServiceId)?.Name ?? state.Objects.Space(instance.ServiceId)?.Name ?? instance.ServiceId,
            server?.Name ?? instance.ServerId,
            server?.Location ?? "",
            state.Release(instance.ReleaseId)?.Number ?? 0,
            situation.Servers.GetValueOrDefault(instance.ServerId)?.Instances.GetValueOrDefault(instance.Id));
    }
}
