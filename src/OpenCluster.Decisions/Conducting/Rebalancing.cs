using OpenCluster.Decisions.Placing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>
/// Moves what is spread badly because a server came late, or came back: gently, for nothing is wrong yet. One instance at a time, and only
/// while all are well, nothing is deployed anywhere, and neither the service nor the better server has changed for <see cref="After"/>. It starts one
/// more there; the one that is too many then leaves as any surplus does. What keeps directories stays with them.
/// </summary>
internal static class Rebalancing
{
    /// <summary>Between two moves, and after whatever changed last.</summary>
    public static readonly TimeSpan After = TimeSpan.FromMinutes(5);

    /// <summary>One that is not ready by then is surplus like any other and leaves again.</summary>
    public static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(2);

    /// <summary>A server came: what it might run is looked at when it has been there for long enough.</summary>
    public static void Came(Situation situation, string serverId)
    {
        if (situation.State.Objects.Server(serverId) is not { } server)
            return;
        foreach (var service in situation.State.Objects.Cluster.Services)
        {
            foreach (var zone in service.Deployments.Where(d => d.Zone == server.Zone && Facts.Fits(server, service, d.Spec)))
                situation.SpreadWakes.At(new(service.Id, situation.State.Objects.ZoneId(zone.Zone)), situation.Now + After);
        }
    }

    public static void Look(Situation situation, ServiceZone place, Service service, ZoneDeployment zone, Release current, IReadOnlyList<Seat> seats, IReadOnlyList<Candidate> candidates)
    {
        var spec = current.Spec ?? zone.Spec;
        if (!spec.Persistent.IsEmpty || seats.Count != zone.Spec.Instances || seats.Any(s => !s.Healthy || s.Settling || s.Misplaced is not null))
            return;
        if (Placement.Better(spec.Takes, seats, candidates) is not { } move)
            return;

        var quiet = seats.Select(s => s.Created).Append(situation.HealthOf(move.ServerId).Since).Append(situation.Arriving.GetValueOrDefault(place).Since).Max() + After;
        if (situation.Now < quiet || situation.State.Deployments.Any(d => d.Active))
        {
            situation.SpreadWakes.At(place, situation.Now < quiet ? quiet : situation.Now + After);
            return;
        }

        var id = InstanceBook.Start(situation, place, service.Name, move.ServerId, current.Id);
        situation.Arriving[place] = (id, situation.Now);
        situation.PlaceWakes.At(place, situation.Now + ReadyWithin);
        situation.Say(Weight.Info, $"service/{service.Name}", $"{situation.NameOf(place)}: {id} starts on {situation.ServerName(move.ServerId)}: {move.Reason}.");
    }

    /// <summary>It was started to take the place of another and is still on its way, so it is not the one that is too many.</summary>
    public static bool IsArriving(Situation situation, ServiceZone place, Instance instance) =>
        situation.Arriving.TryGetValue(place, out var arriving) && arriving.InstanceId == instance.Id && situation.Now < arriving.Since + ReadyWithin;
}
