using System.Collections.Immutable;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Instances;

/// <summary>What can happen to an instance, as its agent hears of it.</summary>
public abstract record CareEvent
{
    private CareEvent() { }

    /// <summary>The order arrived, or what is wanted of it changed. An order that is gone counts as <see cref="Model.Running.Wanted.Stop"/>.</summary>
    public sealed record Ordered(Wanted Wanted) : CareEvent;

    /// <summary>The release is unpacked here. Answers <see cref="CareEffect.Fetch"/>.</summary>
    public sealed record Fetched : CareEvent;

    /// <summary>The other answer to <see cref="CareEffect.Fetch"/>. <paramref name="Lasting"/>: trying again cannot help (a damaged archive).</summary>
    public sealed record FetchFailed(Failure Failure, bool Lasting) : CareEvent;

    /// <summary>The process exists. Answers <see cref="CareEffect.Start"/>. <paramref name="Port"/> is the main port, 0 for none.</summary>
    public sealed record Started(int Run, int Port) : CareEvent;

    /// <summary>The other answer to <see cref="CareEffect.Start"/>: no process came to be.</summary>
    public sealed record StartFailed(int Run, Failure Failure) : CareEvent;

    /// <summary>Answer to <see cref="CareEffect.Check"/>. <paramref name="Listened"/>: somebody accepted the connection, whatever it then answered.</summary>
    public sealed record Checked(int Run, bool Good, bool Listened, string Reason) : CareEvent;

    /// <summary>
    /// The process is gone, and with it all it had started. <paramref name="ExitCode"/> is null when nobody could read it (the process was
    /// not this agent's child); <paramref name="Signal"/> is the one that killed it, or 0. <paramref name="Cause"/>: the agent itself killed
    /// it for a reason, such as its memory limit.
    /// </summary>
    public sealed record Exited(int Run, int? ExitCode, int Signal = 0, Failure? Cause = null) : CareEvent;

    /// <summary>A person or the agent asks for a restart. <paramref name="HandOver"/> is honoured where the rules allow it.</summary>
    public sealed record RestartAsked(bool HandOver) : CareEvent;

    /// <summary>Held by hand on this server: what dies is not started again until it is let go. It does not stop what runs.</summary>
    public sealed record HoldAsked(bool Held) : CareEvent;

    /// <summary>The agent has just started and looked: these runs are alive. <paramref name="Rebooted"/>: the machine is another boot than the state's.</summary>
    public sealed record Recovered(ImmutableArray<int> Alive, bool Rebooted) : CareEvent;

    /// <summary>Time went on. Sent when <see cref="InstanceState.Wake"/> is due, harmless at any other time.</summary>
    public sealed record TimePassed : CareEvent;
}

/// <summary>What the agent must do for an instance. Each may be repeated.</summary>
public abstract record CareEffect
{
    private CareEffect() { }

    /// <summary>Have the release unpacked on disk; nothing to do when it is. Answered by Fetched or FetchFailed.</summary>
    public sealed record Fetch : CareEffect;

    /// <summary>
    /// Start a process for this run, unless one of this run is known or found. Answered by Started or StartFailed, and after Started,
    /// when it ends, by Exited.
    /// </summary>
    public sealed record Start(int Run) : CareEffect;

    /// <summary>Ask it to end: SIGTERM to everything of this run. Nothing to do when there is no such process.</summary>
    public sealed record Terminate(int Run) : CareEffect;

    /// <summary>End it: SIGKILL to everything of this run.</summary>
    public sealed record Kill(int Run) : CareEffect;

    /// <summary>Ask it once whether it serves; answered by Checked within the check's time limit.</summary>
    public sealed record Check(int Run) : CareEffect;
}
