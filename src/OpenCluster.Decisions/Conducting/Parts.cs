using OpenCluster.Decisions.Placing;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>The built-in parts: one load-balancer process on each server of its role, the copies of each space, and the controller where it was put.</summary>
internal static class Parts
{
    /// <summary>Owner of controller instances; the first one's id is <c>controller-1</c>, so that whoever starts a cluster can name it before there is one.</summary>
    public const string Controller = "controller";

    public static void Look(Situation situation)
    {
        situation.PartsDue = false;
        if (situation.Paused() is not null)
            return;
        var state = situation.State;
        var acts = 0;
        foreach (var balancer in state.Objects.Cluster.LoadBalancers)
        {
            var place = new ServiceZone(balancer.Id, "");
            var all = state.Objects.Cluster.Servers.Where(s => s.Roles.Contains(balancer.Role) && (balancer.Zone is null || s.Zone == balancer.Zone)).ToList();
            var servers = all.Where(s => !Resting.Spares(situation, place, s.Id));
            var (addOn, remove) = OnePerServer.Decide(
                servers.Select(s => s.Id), state.InstancesOf(place).Where(i => i.Wanted == Wanted.Run).Select(i => (i.Id, i.ServerId)));
            foreach (var server in addOn.TakeWhile(_ => acts++ < ServiceCare.MostActs))
            {
                InstanceBook.Start(situation, place, balancer.Name, server, releaseId: null);
                situation.Changes.TellBalancers();
            }

            foreach (var id in remove.TakeWhile(_ => acts++ < ServiceCare.MostActs))
                InstanceBook.Stop(situation, state.Instance(id)!);
        }

        foreach (var instance in GivenUp(situation).TakeWhile(_ => acts++ < ServiceCare.MostActs).ToList())
            InstanceBook.Stop(situation, instance);
        foreach (var instance in OfNobody(state).TakeWhile(_ => acts++ < ServiceCare.MostActs).ToList())
            InstanceBook.Stop(situation, instance);
        acts += SpaceParts.Look(situation, ServiceCare.MostActs - acts);
        StartController(situation);
        foreach (var place in state.Places.Where(p => p.Zone.Length == 0).ToList())
            Departure.OfInstances(situation, place);
        situation.PartsDue = acts >= ServiceCare.MostActs;
    }

    /// <summary>Moving the controller is a hand's work, never an automatic act: two at once would be worse than none.</summary>
    private static void StartController(Situation situation)
    {
        var place = new ServiceZone(Controller, "");
        if (situation.State.InstancesOf(place).Count == 0 && situation.State.Objects.Cluster.Servers.FirstOrDefault(s => s.Controller) is { } server)
            InstanceBook.Start(situation, place, Controller, server.Id, releaseId: null);
    }

    /// <summary>What an agent has given up is stopped, forgotten and tried anew, but not all the time.</summary>
    private static IEnumerable<Instance> GivenUp(Situation situation)
    {
        foreach (var place in situation.State.Places.Where(p => p.Zone.Length == 0 && p.ServiceId != Controller))
        {
            foreach (var facts in Facts.Instances(situation, place).Where(f => f.Runs && f.Status?.Phase == InstancePhase.Failed))
            {
                var anew = facts.Instance.Created + Redundancy.TryAnewAfter;
                if (situation.Now >= anew)
                    yield return facts.Instance;
                else
                    situation.PlaceWakes.At(place, anew);
            }
        }
    }

    private static IEnumerable<Instance> OfNobody(ClusterState state) => state.Places
        .Where(p => p.Zone.Length == 0 && p.ServiceId != Controller && state.Objects.LoadBalancer(p.ServiceId) is null && state.Objects.Space(p.ServiceId) is null)
        .SelectMany(state.InstancesOf)
        .Where(i => i.Wanted == Wanted.Run);
}
