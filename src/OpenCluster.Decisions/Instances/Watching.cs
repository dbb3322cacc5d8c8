using OpenCluster.Model.Running;
using Step = OpenCluster.Decisions.Decision<OpenCluster.Decisions.Instances.InstanceState, OpenCluster.Decisions.Instances.CareEffect>;

namespace OpenCluster.Decisions.Instances;

/// <summary>Is it ready, is it still?</summary>
internal static class Watching
{
    /// <summary>There is a process: ask it until it is ready, or its time is over.</summary>
    public static Step Begin(InstanceState s, DateTimeOffset now)
    {
        var asked = !s.Rules.Once && s.Rules.Check is not null;
        s = s.In(InstancePhase.Checking, now) with
        {
            Successes = 0,
            Failures = 0,
            NextCheck = asked ? now : null,
            Deadline = s.Rules.Once ? null : asked ? now + s.Rules.StartWithin : now + CareRules.Settle,
        };
        return Decision.PersistThen<InstanceState, CareEffect>(s);
    }

    public static Step Checked(InstanceState s, CareEvent.Checked e, DateTimeOffset now)
    {
        if (s.Current?.Run != e.Run || s.Rules.Check is not { } check) return Decision.Quietly<InstanceState, CareEffect>(s);
        s = s with
        {
            Listened = s.Listened || e.Listened,
            LastAnswer = e.Reason,
            Successes = e.Good ? s.Successes + 1 : 0,
            Failures = e.Good ? 0 : s.Failures + 1,
        };
        return s.Phase switch
        {
            InstancePhase.Checking or InstancePhase.Unhealthy when s.Successes >= check.Rise => Ready(s, now),
            InstancePhase.Checking => Decision.Quietly<InstanceState, CareEffect>(s with { NextCheck = now + Min(check.Every, CareRules.Eager(now - s.Current.Started)) }),
            InstancePhase.Ready when s.Failures >= check.Fall => Unhealthy(s, now),
            // It had as long again to recover by itself. A process that hangs does not.
            InstancePhase.Unhealthy when s.Failures >= 2 * check.Fall => Ending.Stop(s, AfterStop.BackOff, now),
            InstancePhase.Ready or InstancePhase.Unhealthy => Decision.Quietly<InstanceState, CareEffect>(s with { NextCheck = now + check.Every }),
            _ => Decision.Quietly<InstanceState, CareEffect>(s),
        };
    }

    /// <summary>The time it had to become ready is over; for a process that cannot be asked, it has lived long enough.</summary>
    public static Step StartTimeOver(InstanceState s, DateTimeOffset now)
    {
        if (s.Rules.Check is null) return Ready(s, now);
        s = s with { Failure = Reasons.NeverReady(s) };
        return Ending.Stop(s, s.EverReady ? AfterStop.BackOff : AfterStop.Fail, now);
    }

    private static Step Ready(InstanceState s, DateTimeOffset now)
    {
        var persist = !s.EverReady;
        var handOver = s.Successor is null ? null : s.Deadline;
        s = s.In(InstancePhase.Ready, now) with
        {
            EverReady = true,
            Failures = 0,
            NextCheck = s.Rules.Check is { } check ? now + check.Every : null,
            Deadline = handOver,
        };
        return persist ? Decision.PersistThen<InstanceState, CareEffect>(s) : Decision.Quietly<InstanceState, CareEffect>(s);
    }

    private static Step Unhealthy(InstanceState s, DateTimeOffset now)
    {
        var handOver = s.Deadline;
        s = s.In(InstancePhase.Unhealthy, now) with
        {
            Failure = Reasons.Unhealthy(s),
            NextCheck = now + s.Rules.Check!.Every,
            Deadline = handOver,
        };
        return Decision.Quietly<InstanceState, CareEffect>(s);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
