using OpenCluster.Model.Running;
using Step = OpenCluster.Decisions.Decision<OpenCluster.Decisions.Instances.InstanceState, OpenCluster.Decisions.Instances.CareEffect>;

namespace OpenCluster.Decisions.Instances;

/// <summary>From a process to none: asked, made, or on its own; and what follows.</summary>
internal static class Ending
{
    /// <summary>Stop what runs (SIGTERM, and SIGKILL after the grace), then <paramref name="after"/>.</summary>
    public static Step Stop(InstanceState s, AfterStop after, DateTimeOffset now)
    {
        if (s.Current is null) return after is AfterStop.Rest ? Rest(s, now) : Starting.Next(s, now);
        if (s.Phase is InstancePhase.Stopping) return Decision.PersistThen<InstanceState, CareEffect>(s with { After = after });
        s = s.In(InstancePhase.Stopping, now) with { After = after, Asked = false, Deadline = now + s.Rules.Stop.Grace };
        return Decision.PersistThen(s, Each(s, run => new CareEffect.Terminate(run)));
    }

    public static Step PatienceOver(InstanceState s, DateTimeOffset now) =>
        Decision.Then(s with { Deadline = now + CareRules.KillAgain }, Each(s, run => new CareEffect.Kill(run)));

    /// <summary>A hand-over in which the old process did not leave: it is asked, then made to.</summary>
    public static Step OldStays(InstanceState s, DateTimeOffset now)
    {
        var old = s.Current!.Run;
        return s.Asked
            ? Decision.Then<InstanceState, CareEffect>(s with { Deadline = now + CareRules.KillAgain }, new CareEffect.Kill(old))
            : Decision.Then<InstanceState, CareEffect>(s with { Asked = true, Deadline = now + s.Rules.Stop.Grace }, new CareEffect.Terminate(old));
    }

    public static Step Exited(InstanceState s, CareEvent.Exited e, DateTimeOffset now)
    {
        if (s.Successor?.Run == e.Run) return SuccessorGone(s, e, now);
        if (s.Current?.Run != e.Run) return Decision.Quietly<InstanceState, CareEffect>(s);
        return s.Successor is null ? Gone(s, e, now) : HandedOver(s, now);
    }

    /// <summary>The old process has left; the new one is the instance now. If it served the moment before, nothing changed for anybody.</summary>
    private static Step HandedOver(InstanceState s, DateTimeOffset now)
    {
        s = s with { Current = s.Successor, Successor = null, Asked = false };
        if (s.Phase is InstancePhase.Stopping) return Decision.PersistThen<InstanceState, CareEffect>(s);
        return Decision.PersistThen<InstanceState, CareEffect>(s with
        {
            Deadline = null,
            Failures = 0,
            NextCheck = s.Rules.Check is null ? null : now,
        });
    }

    private static Step SuccessorGone(InstanceState s, CareEvent.Exited e, DateTimeOffset now)
    {
        var why = Reasons.Exit(s with { Current = s.Successor, Listened = true }, e, now);
        s = s with { Successor = null, Asked = false };
        if (s.Phase is InstancePhase.Stopping) return Decision.PersistThen<InstanceState, CareEffect>(s);
        // The old one still has its listeners, unless the deadline had already made it go: then its own exit follows.
        return Decision.PersistThen<InstanceState, CareEffect>(s with
        {
            Deadline = null,
            Failure = new Failure("hand-over-failed", $"the new process of a restart {why}; the old one serves on"),
        });
    }

    private static Step Gone(InstanceState s, CareEvent.Exited e, DateTimeOffset now)
    {
        var lived = now - s.Current!.Started;
        var stopping = s.Phase is InstancePhase.Stopping;
        if (!stopping && s.Phase is not InstancePhase.Draining && !(s.Rules.Once && e.ExitCode is 0))
            s = s with { Failure = Reasons.Died(s, e, now) };
        if (stopping && s.Rules.Once) s = s with { Failure = new Failure("interrupted", "it was stopped before it had ended; it is not run again by itself") };
        if (lived >= s.Rules.Restart.ForgetAfter) s = s with { Deaths = 0 };
        s = s with { Current = null, Asked = false };

        if (s.Wanted is Wanted.Stop or Wanted.Drain) return Rest(s, now);
        if (s.Rules.Once)
            return Decision.PersistThen<InstanceState, CareEffect>(s.In(!stopping && e.ExitCode is 0 ? InstancePhase.Stopped : InstancePhase.Failed, now));
        return (stopping ? s.After : AfterStop.BackOff) switch
        {
            AfterStop.Fail => Decision.PersistThen<InstanceState, CareEffect>(s.In(InstancePhase.Failed, now)),
            AfterStop.BackOff => Again(s, now),
            AfterStop.Rest => Rest(s, now),
            _ => Starting.Next(s, now),
        };
    }

    /// <summary>Start again later, or give up what never was ready.</summary>
    private static Step Again(InstanceState s, DateTimeOffset now)
    {
        var triedEnough = s.Deaths + 1 >= CareRules.FirstStarts || now - s.FirstStart >= s.Rules.StartWithin;
        if (!s.EverReady && triedEnough) return Decision.PersistThen<InstanceState, CareEffect>(s.In(InstancePhase.Failed, now));
        if (s.HeldHere || s.Wanted is Wanted.Held) return Decision.PersistThen<InstanceState, CareEffect>(s.In(InstancePhase.Held, now));
        return Starting.BackOff(s, now);
    }

    public static Step Rest(InstanceState s, DateTimeOffset now) =>
        Decision.PersistThen<InstanceState, CareEffect>(s.In(InstancePhase.Stopped, now));

    private static CareEffect[] Each(InstanceState s, Func<int, CareEffect> effect) =>
        s.Successor is { } successor ? [effect(s.Current!.Run), effect(successor.Run)] : [effect(s.Current!.Run)];
}
