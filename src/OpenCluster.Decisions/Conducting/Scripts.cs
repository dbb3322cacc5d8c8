using OpenCluster.Decisions.Placing;
using OpenCluster.Decisions.RollOuts;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>
/// Script deployments: the owner's script runs once per release on every server of the role. Nothing is supervised, so there is
/// nothing to drain, to watch or to go back to; a script that fails is reported with its last lines.
/// </summary>
internal static class Scripts
{
    public static void Run(Situation situation, ServiceZone place, Deployment active, Service service, ZoneDeployment zone)
    {
        var state = situation.State;
        var rolling = active with { RollSince = active.RollSince ?? situation.Now };
        foreach (var older in state.InstancesOf(place).Where(i => i.ReleaseId != active.ReleaseId).Take(ServiceCare.MostActs).ToList())
            InstanceBook.Forget(situation, older);
        Spread(situation, place, service, zone, active.ReleaseId!);

        var all = Facts.Instances(situation, place);
        var failed = all.Where(f => f.Status?.Phase == InstancePhase.Failed).ToList();
        var open = all.Where(f => f.Status?.Phase is not (InstancePhase.Failed or InstancePhase.Stopped or InstancePhase.Ready)).ToList();
        var reachable = open.Where(f => f.Server != ServerStanding.Down).ToList();
        var limit = rolling.RollSince + zone.Spec.RollOut.TimeLimit;
        var next = rolling;
        if (situation.Now >= limit && reachable.Count > 0)
            next = rolling.FailedWith(new Failure("script-timeout", $"the script did not end on {string.Join(", ", reachable.Select(f => f.ServerName))} within {Words.For(zone.Spec.RollOut.TimeLimit)}."), situation.Now);
        else if (reachable.Count == 0 && failed.Count > 0)
            next = rolling.FailedWith(failed[0].Status!.Failure ?? new Failure("script-failed", $"the script failed on {failed[0].ServerName}."), situation.Now);
        else if (reachable.Count == 0 && all.Length > 0 && all.Length >= Servers(situation, service, zone).Count)
            next = rolling.EndedAs(DeploymentPhase.Done, situation.Now) with
            {
                Remark = open.Count == 0 ? null : $"it did not run on {string.Join(", ", open.Select(f => f.ServerName))}, which is down",
            };

        if (!next.Active)
        {
            if (next.Failure is { } failure)
                situation.Say(Weight.Trouble, Deploying.Subject(next), $"{situation.NameOf(place)}: {failure.Reason}", failure.Log);
            Deploying.End(situation, next);
        }
        else if (next != active)
        {
            state.Put(next);
            situation.PlaceWakes.At(place, limit);
        }
    }

    /// <summary>A server that comes to the role later gets the script too; one that leaves is forgotten.</summary>
    public static void Keep(Situation situation, ServiceZone place, Service service, ZoneDeployment zone, Release current) =>
        Spread(situation, place, service, zone, current.Id);

    private static void Spread(Situation situation, ServiceZone place, Service service, ZoneDeployment zone, string releaseId)
    {
        var state = situation.State;
        var (addOn, remove) = OnePerServer.Decide(
            Servers(situation, service, zone), state.InstancesOf(place).Where(i => i.Wanted == Wanted.Run).Select(i => (i.Id, i.ServerId)));
        foreach (var id in remove.Take(ServiceCare.MostActs))
            InstanceBook.Forget(situation, state.Instance(id)!);
        foreach (var server in addOn.Take(ServiceCare.MostActs))
            InstanceBook.Start(situation, place, service.Name, server, releaseId);
    }

    private static List<string> Servers(Situation situation, Service service, ZoneDeployment zone) =>
        [.. situation.State.Objects.ServersIn(zone.Zone).Where(s => Facts.Fits(s, service, zone.Spec)).Select(s => s.Id)];
}
