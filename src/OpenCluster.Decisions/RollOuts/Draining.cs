using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.RollOuts;

/// <summary>How an instance leaves: Drain → Stop → gone.</summary>
public static class Draining
{
    /// <summary>Load-balancers report every second and at changes; a "nothing in flight" younger than this may be from before.</summary>
    public static readonly TimeSpan AtLeast = TimeSpan.FromMilliseconds(300);

    /// <summary>What it should be now, and whether its record can go. Its agent stops whatever it is not told to run.</summary>
    public static (Wanted Wanted, bool Gone) Step(InstanceFacts facts, StopRule rule, DateTimeOffset now)
    {
        var wanted = facts.Instance.Wanted;
        if (wanted == Wanted.Run || wanted == Wanted.Held)
            return (wanted, false);
        if (facts.Server == ServerStanding.Down)
            return (Wanted.Stop, true);
        if (wanted == Wanted.Drain)
        {
            var drained = facts.Instance.DrainSince is not { } since
                || now >= since + rule.Drain
                || !facts.Sight.Routed
                || (facts.Sight.Quiet && now >= since + AtLeast)
                || IsOver(facts);
            return (drained ? Wanted.Stop : Wanted.Drain, false);
        }

        return (Wanted.Stop, IsOver(facts));
    }

    /// <summary>When <see cref="Step"/> must look again although nothing happened.</summary>
    public static DateTimeOffset? Wake(InstanceFacts facts, StopRule rule, DateTimeOffset now)
    {
        if (facts.Instance is not { Wanted: Wanted.Drain, DrainSince: { } since })
            return null;
        var soon = since + AtLeast;
        return now < soon && soon < since + rule.Drain ? soon : since + rule.Drain;
    }

    private static bool IsOver(InstanceFacts facts) => facts.Server == ServerStanding.Alive
        && (facts.Status is null || facts.Status.Phase is InstancePhase.Stopped or InstancePhase.Failed);
}
