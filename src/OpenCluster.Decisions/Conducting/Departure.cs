using OpenCluster.Decisions.RollOuts;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>How instances, and services taken out of the file, leave.</summary>
internal static class Departure
{
    /// <summary>Instances that are no longer wanted: drained, stopped, forgotten.</summary>
    public static void OfInstances(Situation situation, ServiceZone place)
    {
        if (situation.State.InstancesOf(place).All(i => i.Wanted == Wanted.Run))
            return;
        foreach (var facts in Facts.Instances(situation, place).Where(f => !f.Runs).Take(ServiceCare.MostActs))
        {
            var rule = Facts.SpecOf(situation.State, facts.Instance)?.Stop ?? new StopRule();
            var (wanted, gone) = Draining.Step(facts, rule, situation.Now);
            if (gone)
                InstanceBook.Forget(situation, facts.Instance);
            else if (wanted != facts.Instance.Wanted)
                InstanceBook.Stop(situation, facts.Instance);
            else
                situation.PlaceWakes.At(place, Draining.Wake(facts, rule, situation.Now));
        }
    }

    /// <summary>The service left the file, or no longer goes to this zone: first its instances go, then its past.</summary>
    public static void OfService(Situation situation, ServiceZone place)
    {
        var state = situation.State;
        foreach (var active in state.DeploymentsOf(place).Where(d => d.Active).ToList())
            Deploying.End(situation, active.FailedWith(new Failure("removed", "the service was taken out of the cluster's file."), situation.Now));
        foreach (var instance in state.InstancesOf(place).Where(i => i.Wanted == Wanted.Run).Take(ServiceCare.MostActs).ToList())
            InstanceBook.Drain(situation, instance);
        if (state.InstancesOf(place).Count > 0)
            return;

        foreach (var deployment in state.DeploymentsOf(place).Take(ServiceCare.MostActs).ToList())
            state.Remove(deployment);
        if (state.DeploymentsOf(place).Count > 0)
            return;
        var releases = state.ReleasesOf(place.ServiceId).Where(r => r.Zone == place.Zone).Take(ServiceCare.MostActs).ToList();
        foreach (var release in releases)
            state.Remove(release);
        if (releases.Count == 0)
        {
            situation.Wanting.Remove(place);
            situation.SaidMissing.Remove(place);
        }
    }
}
