using OpenCluster.Decisions.Placing;
using OpenCluster.Decisions.RollOuts;
using OpenCluster.Decisions.Servers;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>Keeps as many instances of the current release as wanted, on servers that may have them.</summary>
internal static class Redundancy
{
    /// <summary>Between two tries of an instance that its agent has given up.</summary>
    public static readonly TimeSpan TryAnewAfter = TimeSpan.FromMinutes(1);

    public static void Keep(Situation situation, ServiceZone place, Service service, ZoneDeployment zone, Release current)
    {
        var state = situation.State;
        var spec = current.Spec ?? zone.Spec;
        var seats = Facts.Instances(situation, place).Where(f => f.Runs).Select(f => Seat(situation, place, f, service, zone, current)).ToList();
        var candidates = Facts.Candidates(situation, service, zone, spec);
        var placed = Placement.Decide(zone.Spec.Instances, spec.Takes, seats, candidates);

        foreach (var addition in placed.Additions.Take(ServiceCare.MostActs))
        {
            var id = InstanceBook.Start(situation, place, service.Name, addition.ServerId, current.Id);
            situation.Say(Weight.Info, $"service/{service.Name}", $"{situation.NameOf(place)}: {id} starts on {situation.ServerName(addition.ServerId)}: {addition.Reason}.");
        }

        foreach (var removal in placed.Removals.Take(ServiceCare.MostActs))
        {
            var instance = state.Instance(removal.InstanceId)!;
            InstanceBook.Drain(situation, instance);
            situation.Say(Weight.Info, $"service/{service.Name}", $"{situation.NameOf(place)}: {instance.Id} on {situation.ServerName(instance.ServerId)} leaves: {removal.Reason}.");
        }

        Lack(situation, place, service, placed, candidates);
        if (placed is { Additions: [], Removals: [], Missing: 0 })
            Rebalancing.Look(situation, place, service, zone, current, seats, candidates);
    }

    /// <summary>An instance as placement sees it; used for what is proposed, too.</summary>
    public static Seat Seat(Situation situation, ServiceZone place, InstanceFacts facts, Service service, ZoneDeployment zone, Release current)
    {
        var instance = facts.Instance;
        var health = situation.HealthOf(instance.ServerId);
        var state = situation.State;
        var server = state.Objects.Server(instance.ServerId);
        var replaceAt = health.Since + situation.Settings.ReplaceAfter;
        var down = facts.Server == ServerStanding.Down && (server is null || situation.Paused(serverId: server.Id) is null);
        if (down && situation.Now < replaceAt)
            situation.PlaceWakes.At(place, replaceAt);
        if (health.State == ServerState.Alive && !health.Settled(situation.Now))
            situation.PlaceWakes.At(place, health.SettledAt);

        var misplaced = server switch
        {
            null => "its server leaves the cluster",
            _ when server.Zone != zone.Zone => $"its server is now in zone {server.Zone}",
            _ when !Facts.Fits(server, service, zone.Spec) => "its server no longer has the role or the tags",
            _ when instance.ReleaseId != current.Id => "it runs another release",
            _ when state.Respites.Find(server.Id) is { } respite => Resting.Reason(respite),
            _ => null,
        };
        var overdue = false;
        if (misplaced is null)
        {
            situation.MisplacedSince.Remove(instance.Id);
        }
        else if (instance.ReleaseId == current.Id && !state.Respites.Has(instance.ServerId))
        {
            if (!situation.MisplacedSince.TryGetValue(instance.Id, out var since))
                situation.MisplacedSince[instance.Id] = since = situation.Now;
            overdue = situation.Now >= since + situation.Settings.ReplaceAfter;
            if (!overdue)
                situation.PlaceWakes.At(place, since + situation.Settings.ReplaceAfter);
        }

        if (HasGivenUp(situation, place, facts))
            return new Seat(instance.Id, instance.ServerId, instance.Created) { Lost = true, Misplaced = "it could not be started; it is tried anew" };

        var healthy = facts.Ready && (facts.Sight.InUse || facts.Sight.Up);
        return new Seat(instance.Id, instance.ServerId, instance.Created)
        {
            Healthy = healthy,
            Useless = facts.Server == ServerStanding.Down || (facts.Server == ServerStanding.Alive && facts.Status?.Phase is not (null or InstancePhase.Ready)),
            Lost = down && (situation.Now >= replaceAt || server is null),
            Arriving = !healthy && Rebalancing.IsArriving(situation, place, instance),
            Settling = health.State == ServerState.Alive && !health.Settled(situation.Now),
            Misplaced = misplaced,
            Overdue = overdue,
        };
    }

    /// <summary>An agent gives up what never starts. Its server may have been the reason, so it is tried anew, but not all the time.</summary>
    private static bool HasGivenUp(Situation situation, ServiceZone place, InstanceFacts facts)
    {
        if (facts.Server != ServerStanding.Alive || facts.Status?.Phase != InstancePhase.Failed)
            return false;
        var anew = facts.Instance.Created + TryAnewAfter;
        if (situation.Now < anew)
            situation.PlaceWakes.At(place, anew);
        return situation.Now >= anew;
    }

    private static void Lack(Situation situation, ServiceZone place, Service service, PlacementResult placed, IReadOnlyCollection<Candidate> candidates)
    {
        if (placed.Missing == 0)
        {
            if (situation.SaidMissing.Remove(place))
                situation.Say(Weight.Good, $"service/{service.Name}", $"{situation.NameOf(place)} has room for all its instances again.");
            situation.Wanting.Remove(place);
            return;
        }

        situation.Wanting.Add(place);
        foreach (var candidate in candidates.Where(c => !c.Open))
        {
            var health = situation.HealthOf(candidate.ServerId);
            if (health.State == ServerState.Alive && health.SettledAt > situation.Now)
                situation.PlaceWakes.At(place, health.SettledAt);
        }

        if (situation.SaidMissing.TryAdd(place, placed.MissingReason))
            situation.Say(Weight.Warning, $"service/{service.Name}", $"{situation.NameOf(place)} lacks {Words.Count(placed.Missing, "instance")}: {placed.MissingReason}.");
    }
}
