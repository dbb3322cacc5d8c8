using OpenCluster.Model.Running;
using Step = OpenCluster.Decisions.Decision<OpenCluster.Decisions.Instances.InstanceState, OpenCluster.Decisions.Instances.CareEffect>;

namespace OpenCluster.Decisions.Instances;

/// <summary>
/// An agent's care for one instance: fetch → start → check until ready → watch → start again after a death, later each time → drain →
/// SIGTERM → SIGKILL. It never has two processes but during a hand-over, never starts anything after a stop, and a stop always ends.
/// <para>
/// The state is persisted before every start, so that an agent that dies in between knows which run to look for, and whenever an end is
/// decided, so that what has failed or stopped stays so.
/// </para>
/// </summary>
public static class InstanceCare
{
    public static InstanceState New(string id, CareRules rules, DateTimeOffset now) => new() { Id = id, Rules = rules, Since = now };

    public static Step Handle(InstanceState state, CareEvent happened, DateTimeOffset now) => happened switch
    {
        CareEvent.Ordered e => Ordered(state, e.Wanted, now),
        CareEvent.Fetched => Fetched(state, now),
        CareEvent.FetchFailed e => Starting.FetchFailed(state, e, now),
        CareEvent.Started e => Starting.Started(state, e, now),
        CareEvent.StartFailed e => Starting.StartFailed(state, e, now),
        CareEvent.Checked e => Watching.Checked(state, e, now),
        CareEvent.Exited e => Ending.Exited(state, e, now),
        CareEvent.RestartAsked e => RestartAsked(state, e.HandOver, now),
        CareEvent.HoldAsked e => HoldAsked(state, e.Held, now),
        CareEvent.Recovered e => Recovering.Recovered(state, e, now),
        CareEvent.TimePassed => TimePassed(state, now),
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened, "unknown event"),
    };

    private static Step Ordered(InstanceState s, Wanted wanted, DateTimeOffset now)
    {
        var before = s.Wanted;
        s = s with { Wanted = wanted };
        if (wanted == before && s.Phase is not InstancePhase.Pending) return Decision.Quietly<InstanceState, CareEffect>(s);
        return wanted switch
        {
            Wanted.Run => WantedToRun(s, now),
            Wanted.Held => WantedHeld(s, now),
            // Only what may have traffic needs to be drained of it.
            Wanted.Drain when s.Phase is InstancePhase.Ready or InstancePhase.Unhealthy =>
                Decision.PersistThen<InstanceState, CareEffect>(s.In(InstancePhase.Draining, now) with { Deadline = now + s.Rules.Stop.Drain }),
            Wanted.Drain when s.Phase is InstancePhase.Draining => Decision.Quietly<InstanceState, CareEffect>(s),
            _ => Ending.Stop(s, AfterStop.Rest, now),
        };
    }

    private static Step WantedToRun(InstanceState s, DateTimeOffset now) => s.Phase switch
    {
        // Called back from its drain: it never stopped running, so asking it once is enough.
        InstancePhase.Draining => Watching.Begin(s, now),
        InstancePhase.Stopping => Decision.PersistThen<InstanceState, CareEffect>(s with { After = AfterStop.StartAgain }),
        InstancePhase.Failed => Decision.Quietly<InstanceState, CareEffect>(s),
        InstancePhase.Pending or InstancePhase.Held or InstancePhase.Stopped => Starting.Next(s.Afresh(), now),
        _ => Decision.Quietly<InstanceState, CareEffect>(s),
    };

    private static Step WantedHeld(InstanceState s, DateTimeOffset now) => s switch
    {
        { Phase: InstancePhase.Stopping } => Decision.PersistThen<InstanceState, CareEffect>(s with { After = AfterStop.StartAgain }),
        { Current: not null } => Ending.Stop(s, AfterStop.StartAgain, now),
        { Phase: InstancePhase.Failed or InstancePhase.Fetching } => Decision.Quietly<InstanceState, CareEffect>(s),
        _ => Starting.Next(s, now),
    };

    private static Step Fetched(InstanceState s, DateTimeOffset now)
    {
        // Failed fetches are no failed starts.
        s = s with { HasRelease = true, Deaths = s.Run is 0 ? 0 : s.Deaths };
        return s.Phase is InstancePhase.Fetching ? Starting.Next(s, now) : Decision.Quietly<InstanceState, CareEffect>(s);
    }

    private static Step RestartAsked(InstanceState s, bool handOver, DateTimeOffset now) => s.Phase switch
    {
        _ when s.Rules.Once => Decision.Quietly<InstanceState, CareEffect>(s),
        InstancePhase.Ready when handOver && s.Rules.HandsOver && s.Successor is null => Starting.Succeed(s, now),
        InstancePhase.Ready when s.Successor is not null => Decision.Quietly<InstanceState, CareEffect>(s),
        InstancePhase.Ready or InstancePhase.Unhealthy or InstancePhase.Checking or InstancePhase.Starting
            => Ending.Stop(s, AfterStop.StartAgain, now),
        InstancePhase.BackingOff or InstancePhase.Failed when s.Wanted is Wanted.Run => Starting.Next(s.Afresh(), now),
        _ => Decision.Quietly<InstanceState, CareEffect>(s),
    };

    private static Step HoldAsked(InstanceState s, bool held, DateTimeOffset now)
    {
        s = s with { HeldHere = held };
        if (held && s.Phase is InstancePhase.BackingOff) s = s.In(InstancePhase.Held, now);
        if (!held && s.Phase is InstancePhase.Held) return Starting.Next(s.Afresh(), now);
        return Decision.PersistThen<InstanceState, CareEffect>(s);
    }

    private static Step TimePassed(InstanceState s, DateTimeOffset now)
    {
        if (s.Deadline <= now)
        {
            s = s with { Deadline = null };
            return s.Phase switch
            {
                InstancePhase.BackingOff => Starting.Next(s, now),
                InstancePhase.Checking => Watching.StartTimeOver(s, now),
                InstancePhase.Draining => Ending.Stop(s, AfterStop.Rest, now),
                InstancePhase.Stopping => Ending.PatienceOver(s, now),
                InstancePhase.Ready or InstancePhase.Unhealthy when s.Successor is not null => Ending.OldStays(s, now),
                _ => Decision.Quietly<InstanceState, CareEffect>(s),
            };
        }
        if (s.NextCheck <= now && s.Current is { } life)
            return Decision.Then<InstanceState, CareEffect>(s with { NextCheck = null }, new CareEffect.Check(life.Run));
        return Decision.Quietly<InstanceState, CareEffect>(s);
    }

    /// <summary>Forget earlier failures to start: somebody wants it anew.</summary>
    private static InstanceState Afresh(this InstanceState s) => s with { Deaths = 0, EverReady = false, FirstStart = null };
}
