using System.Collections.Immutable;
using OpenCluster.Decisions.Placing;
using OpenCluster.Decisions.RollOuts;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>Gathers what machines decide from: instances as agents and load-balancers see them, servers as placement sees them.</summary>
internal static class Facts
{
    /// <summary>A load-balancer that was heard within this time knows what it says.</summary>
    public static readonly TimeSpan BalancerFresh = TimeSpan.FromSeconds(3);

    public static ImmutableArray<InstanceFacts> Instances(Situation situation, ServiceZone place)
    {
        var instances = situation.State.InstancesOf(place);
        if (instances.Count == 0)
            return [];
        var balancers = BalancersFor(situation, place);
        var facts = ImmutableArray.CreateBuilder<InstanceFacts>(instances.Count);
        foreach (var instance in instances)
        {
            var standing = situation.StandingOf(instance.ServerId);
            var status = situation.Servers.TryGetValue(instance.ServerId, out var server) ? server.Instances.GetValueOrDefault(instance.Id) : null;
            facts.Add(new(instance, status, standing, situation.ServerName(instance.ServerId), SightOf(situation, instance, balancers)));
        }

        return facts.MoveToImmutable();
    }

    /// <summary>Servers of the zone with the role and the tags, and what is left on each.</summary>
    public static ImmutableArray<Candidate> Candidates(Situation situation, Service service, ZoneDeployment zone, ServiceSpec spec)
    {
        var fixedPorts = spec.Ports.Where(p => p.Number != 0).ToList();
        var candidates = ImmutableArray.CreateBuilder<Candidate>();
        foreach (var server in situation.State.Objects.ServersIn(zone.Zone).Where(s => Fits(s, service, zone.Spec)))
        {
            var here = situation.State.InstancesOn(server.Id);
            var free = Room.Of(server.Capacity);
            var taken = false;
            foreach (var id in here)
            {
                var other = SpecOf(situation.State, situation.State.Instance(id)!);
                if (other is null)
                    continue;
                free = free.Minus(other.Takes);
                taken = taken || fixedPorts.Exists(p => other.Ports.Any(o => o.Number == p.Number && o.Protocol == p.Protocol));
            }

            var trusted = situation.HealthOf(server.Id).Settled(situation.Now) && situation.Paused(serverId: server.Id) is null && !situation.State.Respites.Has(server.Id);
            candidates.Add(new Candidate
            {
                ServerId = server.Id,
                ServerName = server.Name,
                Location = server.Location,
                Trusted = trusted,
                Open = trusted && !taken,
                AwaitedUntil = situation.HealthOf(server.Id).AwaitedUntil(situation.Now),
                Free = free,
                Load = here.Count,
                OnlyOne = fixedPorts.Count > 0,
            });
        }

        return candidates.DrainToImmutable();
    }

    public static bool Fits(Server server, Service service, ServiceSpec spec) =>
        server.Roles.Contains(service.Role) && spec.Tags.All(server.Tags.Contains);

    /// <summary>What an instance of a service runs with; null for built-in parts, which take nothing of a server's capacity.</summary>
    public static ServiceSpec? SpecOf(ClusterState state, Instance instance) => state.Release(instance.ReleaseId)?.Spec;

    /// <summary>Load-balancer processes that route to the place and may be serving, with what they last said.</summary>
    private static List<(string Id, ObservedBalancer? Seen)> BalancersFor(Situation situation, ServiceZone place)
    {
        var found = new List<(string, ObservedBalancer?)>();
        if (situation.State.Objects.Declared(place) is not var (service, zone))
            return found;
        var routes = situation.State.Objects.RoutesTo(service.Name, zone.Zone).ToList();
        if (routes.Count == 0)
            return found;
        foreach (var balancer in situation.State.Objects.Cluster.LoadBalancers)
        {
            if (!routes.Exists(r => r.LoadBalancers.IsEmpty || r.LoadBalancers.Contains(balancer.Name)))
                continue;
            foreach (var process in situation.State.InstancesOf(new(balancer.Id, "")))
            {
                var seen = situation.Balancers.GetValueOrDefault(process.Id);
                if (!KnownDead(situation, process))
                    found.Add((process.Id, seen is not null && situation.Now - seen.HeardAt <= BalancerFresh ? seen : null));
            }
        }

        return found;
    }

    private static bool KnownDead(Situation situation, Instance process)
    {
        var standing = situation.StandingOf(process.ServerId);
        if (standing != ServerStanding.Alive)
            return standing == ServerStanding.Down;
        var status = situation.Servers[process.ServerId].Instances.GetValueOrDefault(process.Id);
        return status is null or not { Phase: InstancePhase.Ready or InstancePhase.Unhealthy or InstancePhase.Checking or InstancePhase.Draining };
    }

    private static Sight SightOf(Situation situation, Instance instance, List<(string Id, ObservedBalancer? Seen)> balancers)
    {
        var (heard, up, allUp, quiet) = (false, false, true, true);
        var (requests, failed) = (0L, 0L);
        string? trouble = null;
        var drainRevision = situation.DrainRevision.GetValueOrDefault(instance.Id);
        foreach (var (_, seen) in balancers)
        {
            if (seen is null)
            {
                quiet = false;
                continue;
            }

            heard = true;
            var target = seen.Targets.GetValueOrDefault(instance.Id);
            up |= target?.State == TargetState.Up;
            allUp &= target?.State == TargetState.Up;
            quiet &= seen.Report.Revision >= drainRevision && seen.HeardAt > instance.DrainSince && (target?.InFlight ?? 0) == 0;
            requests += target?.Requests ?? 0;
            failed += target?.Failed ?? 0;
            if (target is { State: not TargetState.Up, Reason: { } reason })
                trouble ??= reason;
            else if (seen.Report.Refused is { } refused)
                trouble ??= refused;
            else
                trouble ??= target?.Reason;
        }

        return new(balancers.Count > 0, heard, up, heard && allUp, quiet, requests, failed, trouble);
    }
}
