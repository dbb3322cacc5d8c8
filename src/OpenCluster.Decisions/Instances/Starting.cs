using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;
using Step = OpenCluster.Decisions.Decision<OpenCluster.Decisions.Instances.InstanceState, OpenCluster.Decisions.Instances.CareEffect>;

namespace OpenCluster.Decisions.Instances;

/// <summary>From nothing to a process: fetch, start, wait before the next try.</summary>
internal static class Starting
{
    /// <summary>The next step for an instance without a process.</summary>
    public static Step Next(InstanceState s, DateTimeOffset now)
    {
        var hadItsRun = s.Rules.Once && s.Run > 0;
        if (hadItsRun || s.Wanted is Wanted.Stop or Wanted.Drain) return Ending.Rest(s, now);
        if (s.Rules.Fetches && !s.HasRelease)
            return Decision.Then<InstanceState, CareEffect>(s.In(InstancePhase.Fetching, now), new CareEffect.Fetch());
        if (s.Wanted is Wanted.Held || s.HeldHere)
            return Decision.PersistThen<InstanceState, CareEffect>(s.In(InstancePhase.Held, now));

        var run = s.Run + 1;
        s = s.In(InstancePhase.Starting, now) with
        {
            Run = run,
            Current = new Life(run, now),
            FirstStart = s.FirstStart ?? now,
            Listened = false,
            LastAnswer = "",
            Asked = false,
        };
        return Decision.PersistThen<InstanceState, CareEffect>(s, new CareEffect.Start(run));
    }

    /// <summary>A hand-over: the new process starts while the old one serves.</summary>
    public static Step Succeed(InstanceState s, DateTimeOffset now)
    {
        var run = s.Run + 1;
        s = s with
        {
            Run = run,
            Successor = new Life(run, now),
            Asked = false,
            // By then the new one must have taken over and the old one have finished what it had in flight.
            Deadline = now + s.Rules.StartWithin + s.Rules.Stop.Drain,
        };
        return Decision.PersistThen<InstanceState, CareEffect>(s, new CareEffect.Start(run));
    }

    public static Step FetchFailed(InstanceState s, CareEvent.FetchFailed e, DateTimeOffset now)
    {
        if (s.Phase is not InstancePhase.Fetching) return Decision.Quietly<InstanceState, CareEffect>(s);
        s = s with { Failure = e.Failure };
        return e.Lasting
            ? Decision.PersistThen<InstanceState, CareEffect>(s.In(InstancePhase.Failed, now))
            : BackOff(s, now);
    }

    public static Step Started(InstanceState s, CareEvent.Started e, DateTimeOffset now)
    {
        if (s.Successor?.Run == e.Run)
        {
            s = s with { Successor = s.Successor with { Known = true, Started = now } };
            return Decision.PersistThen(s, StillStopping(s, e.Run));
        }
        if (s.Current?.Run != e.Run || s.Current.Known) return Decision.Quietly<InstanceState, CareEffect>(s);
        s = s with { Current = new Life(e.Run, now, Known: true), Port = e.Port };
        return s.Phase is InstancePhase.Starting ? Watching.Begin(s, now) : Decision.PersistThen(s, StillStopping(s, e.Run));
    }

    // A stop may have been decided while the start was under way, when there was no process yet to be told.
    private static CareEffect[] StillStopping(InstanceState s, int run) =>
        s.Phase is InstancePhase.Stopping ? [new CareEffect.Terminate(run)] : [];

    public static Step StartFailed(InstanceState s, CareEvent.StartFailed e, DateTimeOffset now) =>
        Ending.Exited(s, new CareEvent.Exited(e.Run, null, 0, e.Failure), now);

    /// <summary>Wait, twice as long after each failure, then try again.</summary>
    public static Step BackOff(InstanceState s, DateTimeOffset now)
    {
        var wait = Wait(s.Rules.Restart, s.Deaths);
        s = s.In(InstancePhase.BackingOff, now) with { Deaths = s.Deaths + 1, Deadline = now + wait };
        return Decision.PersistThen<InstanceState, CareEffect>(s);
    }

    private static TimeSpan Wait(RestartRule rule, int deaths)
    {
        var wait = rule.First * Math.Pow(2, Math.Min(deaths, 30));
        return wait < rule.Most ? wait : rule.Most;
    }
}
