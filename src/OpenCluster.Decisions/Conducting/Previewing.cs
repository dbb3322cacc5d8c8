using System.Collections.Immutable;
using OpenCluster.Decisions.Placing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>What applying a proposed cluster would do to what runs. It asks placement, as the real thing will.</summary>
internal static class Previewing
{
    public static ImmutableArray<Move> Of(Situation situation, Cluster proposed)
    {
        var moves = ImmutableArray.CreateBuilder<Move>();
        var state = situation.State;
        var services = proposed.Services.Select(s => (Now: s, Old: Former(state.Objects.Cluster.Services, s, s.RenamedFrom))).ToList();
        foreach (var (service, old) in services)
        {
            foreach (var there in service.Deployments)
                Service(situation, proposed, service, old, there, moves);
        }

        foreach (var old in state.Objects.Cluster.Services)
        {
            var kept = services.Find(s => s.Old?.Id == old.Id).Now;
            foreach (var there in old.Deployments.Where(d => kept is null || kept.In(NewName(state, proposed, d.Zone)) is null))
            {
                foreach (var instance in state.InstancesOf(new(old.Id, state.Objects.ZoneId(there.Zone))))
                    moves.Add(new(MoveKind.Remove, old.Name, there.Zone, situation.ServerName(instance.ServerId), instance.Id, kept is null ? "the service is no longer in the file" : "it no longer goes to this zone"));
            }
        }

        Balancers(situation, proposed, moves);
        return moves.DrainToImmutable();
    }

    private static void Service(Situation situation, Cluster proposed, Service service, Service? old, ZoneDeployment there, ImmutableArray<Move>.Builder moves)
    {
        var state = situation.State;
        var place = new ServiceZone(old?.Id ?? "", ZoneId(state, proposed, there.Zone));
        var running = old is null ? [] : state.InstancesOf(place).Where(i => i.Wanted == Wanted.Run).ToList();
        var fitting = proposed.Servers.Where(s => s.Zone == there.Zone && Facts.Fits(s, service, there.Spec)).ToList();
        var was = old?.In(OldName(state, proposed, there.Zone));

        var seats = new List<Seat>();
        foreach (var instance in running)
        {
            var server = ServerNow(state, proposed, instance.ServerId);
            var misplaced = server is null ? "its server leaves the cluster"
                : fitting.Contains(server) ? null
                : server.Zone != there.Zone ? $"its server is then in zone {server.Zone}" : "its server no longer has the role or the tags";
            seats.Add(new Seat(instance.Id, server?.Name ?? instance.ServerId, instance.Created) { Healthy = true, Misplaced = misplaced, Overdue = misplaced is not null });
        }

        if (there.Spec.Kind == RunKind.Script)
        {
            var (addOn, _) = OnePerServer.Decide(fitting.Select(s => s.Name), seats.Select(s => (s.InstanceId, s.ServerId)));
            moves.AddRange(addOn.Select(server => new Move(MoveKind.Create, service.Name, there.Zone, server, null, "the script runs on every server of the role")));
            return;
        }

        var placed = Placement.Decide(there.Spec.Instances, there.Spec.Takes, seats, fitting.Select(s => Candidate(situation, s, there.Spec)));
        var leaving = placed.Removals.Select(r => r.InstanceId).ToHashSet(StringComparer.Ordinal);
        moves.AddRange(placed.Additions.Select(a => new Move(MoveKind.Create, service.Name, there.Zone, a.ServerId, null, old is null ? "new in the file" : a.Reason)));
        moves.AddRange(placed.Removals.Select(r => new Move(
            MoveKind.Remove, service.Name, there.Zone, situation.ServerName(running.First(i => i.Id == r.InstanceId).ServerId), r.InstanceId, r.Reason)));
        if (placed.Missing > 0)
            moves.Add(new(MoveKind.Create, service.Name, there.Zone, "", null, $"{Words.Count(placed.Missing, "instance")} cannot be placed: {placed.MissingReason}"));

        var why = old is null || was is null ? null
            : !SpecComparison.Same(old.Source, service.Source) || was.Branch != there.Branch ? "its source changed"
            : SpecComparison.RunsTheSame(was.Spec, there.Spec) ? null : "its specification changed";
        if (why is not null)
            moves.AddRange(running.Where(i => !leaving.Contains(i.Id)).Select(i => new Move(MoveKind.Replace, service.Name, there.Zone, situation.ServerName(i.ServerId), i.Id, why)));
    }

    private static void Balancers(Situation situation, Cluster proposed, ImmutableArray<Move>.Builder moves)
    {
        var state = situation.State;
        foreach (var balancer in proposed.LoadBalancers)
        {
            var old = Former(state.Objects.Cluster.LoadBalancers, balancer, balancer.RenamedFrom);
            var running = old is null ? [] : state.InstancesOf(new(old.Id, "")).Where(i => i.Wanted == Wanted.Run).ToList();
            var wanted = proposed.Servers.Where(s => s.Roles.Contains(balancer.Role) && (balancer.Zone is null || s.Zone == balancer.Zone)).Select(s => s.Name);
            var (addOn, remove) = OnePerServer.Decide(wanted, running.Select(i => (i.Id, ServerNow(state, proposed, i.ServerId)?.Name ?? i.ServerId)));
            moves.AddRange(addOn.Select(s => new Move(MoveKind.Create, balancer.Name, balancer.Zone ?? "", s, null, $"its server has the role {balancer.Role}")));
            moves.AddRange(remove.Select(id => new Move(MoveKind.Remove, balancer.Name, balancer.Zone ?? "", situation.ServerName(state.Instance(id)!.ServerId), id, $"its server does not have the role {balancer.Role} any more")));
        }

        foreach (var gone in state.Objects.Cluster.LoadBalancers.Where(o => proposed.LoadBalancers.All(b => Former(state.Objects.Cluster.LoadBalancers, b, b.RenamedFrom)?.Id != o.Id)))
            moves.AddRange(state.InstancesOf(new(gone.Id, "")).Select(i => new Move(MoveKind.Remove, gone.Name, gone.Zone ?? "", situation.ServerName(i.ServerId), i.Id, "the load-balancer is no longer in the file")));
    }

    /// <summary>Named by name, not by id: a proposed server may not have an id yet.</summary>
    private static Candidate Candidate(Situation situation, Server server, ServiceSpec spec)
    {
        var known = situation.State.Objects.Cluster.Servers.FirstOrDefault(s => s.Id == server.Id || s.Name == server.Name);
        var free = Room.Of(server.Capacity);
        foreach (var id in known is null ? [] : situation.State.InstancesOn(known.Id))
        {
            if (Facts.SpecOf(situation.State, situation.State.Instance(id)!) is { } other)
                free = free.Minus(other.Takes);
        }

        return new Candidate
        {
            ServerId = server.Name,
            ServerName = server.Name,
            Location = server.Location,
            // Whoever is down now may be back by then; a plan that leaves it out would surprise more.
            Trusted = true,
            Open = true,
            Free = free,
            Load = known is null ? 0 : situation.State.InstancesOn(known.Id).Count,
            OnlyOne = spec.Ports.Any(p => p.Number != 0),
        };
    }

    private static T? Former<T>(ImmutableArray<T> before, T now, string? renamedFrom)
        where T : class, INamed =>
        before.FirstOrDefault(b => now.Id.Length > 0 ? b.Id == now.Id : b.Name == now.Name)
        ?? (renamedFrom is null ? null : before.FirstOrDefault(b => b.Name == renamedFrom));

    private static Server? ServerNow(ClusterState state, Cluster proposed, string id) =>
        state.Server(id) is not { } old ? null : proposed.Servers.FirstOrDefault(s => s.Id == id || (s.Id.Length == 0 && (s.Name == old.Name || s.RenamedFrom == old.Name)));

    private static string ZoneId(ClusterState state, Cluster proposed, string name) => state.Objects.ZoneId(OldName(state, proposed, name));

    private static string OldName(ClusterState state, Cluster proposed, string name)
    {
        var zone = proposed.Zones.FirstOrDefault(z => z.Name == name);
        return zone is null ? name : Former(state.Objects.Cluster.Zones, zone, zone.RenamedFrom)?.Name ?? name;
    }

    private static string NewName(ClusterState state, Cluster proposed, string oldName) =>
        proposed.Zones.FirstOrDefault(z => OldName(state, proposed, z.Name) == oldName)?.Name ?? oldName;
}
