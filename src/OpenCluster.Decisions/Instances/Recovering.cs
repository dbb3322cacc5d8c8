using OpenCluster.Model.Running;
using Step = OpenCluster.Decisions.Decision<OpenCluster.Decisions.Instances.InstanceState, OpenCluster.Decisions.Instances.CareEffect>;

namespace OpenCluster.Decisions.Instances;

/// <summary>The agent has restarted and found its instances alive or dead.</summary>
internal static class Recovering
{
    public static Step Recovered(InstanceState s, CareEvent.Recovered e, DateTimeOffset now)
    {
        // Whether the release is still on disk is the shell's to find out; asking again costs nothing when it is.
        s = s with { HasRelease = false };
        var lost = s.Successor is { } successor && !e.Alive.Contains(successor.Run) ? successor : null;
        if (lost is not null) s = s with { Successor = null, Deadline = null };
        if (s.Current is null) return WithoutProcess(s, now);
        return e.Alive.Contains(s.Current.Run) ? Alive(s, now) : Dead(s, e, now);
    }

    private static Step WithoutProcess(InstanceState s, DateTimeOffset now) => s.Phase switch
    {
        InstancePhase.Fetching or InstancePhase.Pending or InstancePhase.Held => Starting.Next(s, now),
        // The clock may have been set meanwhile: never wait longer than the rule's longest.
        InstancePhase.BackingOff => Decision.Quietly<InstanceState, CareEffect>(s with { Deadline = Sooner(s.Deadline, now + s.Rules.Restart.Most) }),
        _ => Decision.Quietly<InstanceState, CareEffect>(s),
    };

    private static Step Alive(InstanceState s, DateTimeOffset now)
    {
        // It runs, so what it runs from is there.
        s = s with { HasRelease = true, Current = s.Current! with { Known = true } };
        return s.Phase switch
        {
            InstancePhase.Ready or InstancePhase.Unhealthy => Decision.Quietly<InstanceState, CareEffect>(s with
            {
                Failures = 0,
                NextCheck = s.Rules.Check is null ? null : now,
                Deadline = s.Successor is null ? null : Sooner(s.Deadline, now + s.Rules.StartWithin + s.Rules.Stop.Drain),
            }),
            InstancePhase.Draining => Decision.Quietly<InstanceState, CareEffect>(s with { Deadline = Sooner(s.Deadline, now + s.Rules.Stop.Drain) }),
            InstancePhase.Stopping => Decision.Then<InstanceState, CareEffect>(
                s with { Deadline = Sooner(s.Deadline, now + s.Rules.Stop.Grace) }, new CareEffect.Terminate(s.Current.Run)),
            _ => Watching.Begin(s, now),
        };
    }

    private static Step Dead(InstanceState s, CareEvent.Recovered e, DateTimeOffset now)
    {
        var run = s.Current!.Run;
        // The machine went down, or the agent did before it had started anything: nobody's failure, so no back-off. A script is the
        // exception: it may have done half its work, and must not be done twice.
        var innocent = (e.Rebooted || !s.Current.Known) && !s.Rules.Once && s.Successor is null;
        if (innocent && s.Phase is not InstancePhase.Stopping and not InstancePhase.Draining)
            return Starting.Next(s with { Current = null }, now);
        return Ending.Exited(s, new CareEvent.Exited(run, null), now);
    }

    private static DateTimeOffset Sooner(DateTimeOffset? a, DateTimeOffset b) => a is { } time && time < b ? time : b;
}
