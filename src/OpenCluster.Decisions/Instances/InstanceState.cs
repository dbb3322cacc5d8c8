using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Instances;

/// <summary>One process of an instance. Runs are numbered so that news of an earlier process is never taken for news of this one.</summary>
/// <param name="Known">False between the decision to start it and the news that it exists.</param>
public sealed record Life(int Run, DateTimeOffset Started, bool Known = false);

/// <summary>What follows when the process that is being stopped has gone.</summary>
public enum AfterStop { Rest, StartAgain, BackOff, Fail }

/// <summary>All an agent remembers about its care for one instance; kept on disk across its own restarts.</summary>
public sealed record InstanceState
{
    public required string Id { get; init; }
    public required CareRules Rules { get; init; }
    public Wanted Wanted { get; init; } = Wanted.Run;
    public InstancePhase Phase { get; init; } = InstancePhase.Pending;
    /// <summary>When the phase began.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>The process that is the instance; null when none runs.</summary>
    public Life? Current { get; init; }
    /// <summary>During a hand-over: the new process, started next to <see cref="Current"/>.</summary>
    public Life? Successor { get; init; }
    /// <summary>Number of the last start; 0 before the first.</summary>
    public int Run { get; init; }
    public int Port { get; init; }

    public bool HasRelease { get; init; }
    /// <summary>Held by hand on this server.</summary>
    public bool HeldHere { get; init; }
    /// <summary>It has been ready since it was ordered: from then on it is started again for ever, before that only <see cref="CareRules.FirstStarts"/> times.</summary>
    public bool EverReady { get; init; }
    public DateTimeOffset? FirstStart { get; init; }
    /// <summary>Starts that came to nothing, or deaths, in a row: what the back-off is counted from.</summary>
    public int Deaths { get; init; }

    /// <summary>Something has accepted a connection from this process.</summary>
    public bool Listened { get; init; }
    /// <summary>Answers in a row of one kind.</summary>
    public int Successes { get; init; }
    public int Failures { get; init; }
    public string LastAnswer { get; init; } = "";
    public DateTimeOffset? NextCheck { get; init; }
    /// <summary>When the phase's patience ends: give up waiting for readiness, start after a back-off, stop after a drain, kill after the grace.</summary>
    public DateTimeOffset? Deadline { get; init; }
    public AfterStop After { get; init; }
    /// <summary>The old process of a hand-over, or one that is being stopped, has been asked to end.</summary>
    public bool Asked { get; init; }

    public Failure? Failure { get; init; }

    /// <summary>When <see cref="CareEvent.TimePassed"/> is next due; null when nothing waits for time.</summary>
    public DateTimeOffset? Wake =>
        (NextCheck, Deadline) switch
        {
            (null, var d) => d,
            (var c, null) => c,
            (var c, var d) => c < d ? c : d,
        };

    /// <summary>Starts after the first one.</summary>
    public int Restarts => Math.Max(0, Run - 1);

    /// <summary>No process, and none to come.</summary>
    public bool AtRest => Current is null && Phase is InstancePhase.Stopped or InstancePhase.Failed;

    internal InstanceState In(InstancePhase phase, DateTimeOffset now) =>
        this with { Phase = phase, Since = Phase == phase ? Since : now, NextCheck = null, Deadline = null };
}
