using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Observing;

/// <summary>One line per instance, whatever number of its ports routes use: counts added up, the worst of the states.</summary>
internal static class TargetReports
{
    public static TargetReport Of(IGrouping<string, TargetSlot> slots)
    {
        var worst = slots.MinBy(s => Rank(s.Health.State))!;
        return new TargetReport
        {
            Id = slots.Key,
            State = worst.Health.State,
            Reason = worst.Health.Reason,
            Requests = slots.Sum(s => s.Requests),
            Failed = slots.Sum(s => s.Failed),
            InFlight = slots.Sum(s => s.InFlight),
        };
    }

    private static int Rank(TargetState state) => state switch
    {
        TargetState.Down => 0,
        TargetState.Ejected => 1,
        TargetState.Unknown => 2,
        _ => 3,
    };
}
