using OpenCluster.Decisions.RollOuts;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>
/// Looks after one service in one zone: moves its deployment on, keeps as many instances as wanted where they should be, and sees
/// those that leave to their end.
/// </summary>
internal static class ServiceCare
{
    /// <summary>Instances started, drained or forgotten in one go; the rest follows in the next, so that an outcome stays one transaction.</summary>
    public const int MostActs = 24;

    /// <summary>Acts lead to acts (drained → stop → gone); more rounds than this are left to the next event.</summary>
    private const int MostRounds = 4;

    /// <summary>With so many documents changed the next round waits for a transaction of its own.</summary>
    public const int FullOutcome = 64;

    public static void Look(Situation situation, ServiceZone place)
    {
        for (var round = 1; ; round++)
        {
            var before = situation.Changes.Version;
            if (situation.State.Objects.Declared(place) is not var (service, zone))
                Departure.OfService(situation, place);
            else if (situation.Paused(service.Id) is null)
                Care(situation, place, service, zone);
            Departure.OfInstances(situation, place);
            if (situation.Changes.Version == before)
                break;
            if (round == MostRounds || situation.Changes.Documents >= FullOutcome)
            {
                situation.PlaceWakes.At(place, situation.Now);
                break;
            }
        }

        // What is too many waits for the load-balancers to use the others.
        var wanted = situation.State.Objects.Declared(place)?.Zone.Spec.Instances ?? 0;
        var instances = situation.State.InstancesOf(place);
        if (situation.State.Active(place) is { Replacing: true } || instances.Count > wanted || instances.Any(i => i.Wanted != Wanted.Run))
            situation.Lively.Add(place);
        else
            situation.Lively.Remove(place);
    }

    private static void Care(Situation situation, ServiceZone place, Service service, ZoneDeployment zone)
    {
        EndUnanswered(situation, place);
        var active = situation.State.Active(place);
        if (active?.Phase == DeploymentPhase.Building)
            Building.Step(situation, place, active);
        else if (active is { Replacing: true } && zone.Spec.Kind == RunKind.Script)
            Scripts.Run(situation, place, active, service, zone);
        else if (active is { Replacing: true })
            Rolling.Step(situation, place, active, service, zone);

        if (situation.State.Active(place) is { Replacing: true } || situation.State.Current(place) is not { } current)
            return;
        if (zone.Spec.Kind == RunKind.Script)
            Scripts.Keep(situation, place, service, zone, current);
        else
            Redundancy.Keep(situation, place, service, zone, current);
    }

    private static void EndUnanswered(Situation situation, ServiceZone place)
    {
        foreach (var waiting in situation.State.DeploymentsOf(place).Where(d => d.Phase == DeploymentPhase.Resolving).ToList())
        {
            var limit = (waiting.Since < situation.Resumed ? situation.Resumed : waiting.Since) + Deploying.ResolveWithin;
            if (situation.Now >= limit)
                Deploying.End(situation, waiting.FailedWith(new Failure("resolve-timeout", $"its repository gave no answer within {Words.For(Deploying.ResolveWithin)}."), situation.Now));
            else
                situation.PlaceWakes.At(place, limit);
        }
    }
}
