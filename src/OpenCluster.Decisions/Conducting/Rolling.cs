using OpenCluster.Decisions.RollOuts;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Conducting;

/// <summary>Lets the roll-out machine decide about one deployment and carries out what it wants.</summary>
internal static class Rolling
{
    public static void Step(Situation situation, ServiceZone place, Deployment active, Service service, ZoneDeployment zone)
    {
        var state = situation.State;
        var release = state.Release(active.ReleaseId)
            ?? throw new InvalidOperationException($"Deployment {active.Id} rolls out {active.ReleaseId}, which does not exist.");
        var spec = release.Spec ?? zone.Spec;
        var facts = new RollOutFacts
        {
            Name = situation.NameOf(place),
            Release = release,
            Previous = state.Release(active.PreviousReleaseId),
            RunsAlready = state.Current(place)?.Id == release.Id,
            Spec = spec,
            Rule = zone.Spec.RollOut,
            Wanted = zone.Spec.Instances,
            Instances = Facts.Instances(situation, place),
            Candidates = Facts.Candidates(situation, service, zone, spec),
        };
        var decision = RollOut.Step(active, facts, situation.Now);

        var next = decision.State;
        foreach (var act in decision.Effects)
        {
            if (Carry(situation, place, service, active, act) is { } started && next.Phase == DeploymentPhase.Rolling)
                next = next with { Batch = next.Batch.Add(new BatchMember(started)) };
        }

        if (!next.Active)
            Deploying.End(situation, next);
        else if (next != active)
            state.Put(next);
        situation.PlaceWakes.At(place, RollOut.Wake(next, zone.Spec.RollOut));
        situation.PlaceWakes.At(place, facts.AwaitedUntil);
        if (next.Phase == DeploymentPhase.Rolling && next.Batch.IsEmpty)
            situation.Wanting.Add(place);
        else
            situation.Wanting.Remove(place);
    }

    private static string? Carry(Situation situation, ServiceZone place, Service service, Deployment active, RollOutAct act)
    {
        var state = situation.State;
        switch (act)
        {
            case RollOutAct.Start start:
                return InstanceBook.Start(situation, place, service.Name, start.ServerId, start.ReleaseId);
            case RollOutAct.Drain drain:
                InstanceBook.Drain(situation, state.Instance(drain.InstanceId)!);
                return null;
            case RollOutAct.Stop stop:
                InstanceBook.Stop(situation, state.Instance(stop.InstanceId)!);
                return null;
            case RollOutAct.Say say:
                situation.Say(say.Weight, Deploying.Subject(active), say.Text, say.Evidence);
                return null;
            default:
                throw new ArgumentOutOfRangeException(nameof(act), act, "not an act of a roll-out");
        }
    }
}
