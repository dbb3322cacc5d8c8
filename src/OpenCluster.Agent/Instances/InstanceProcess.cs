using System.Diagnostics;
using OpenCluster.Agent.Processes;

namespace OpenCluster.Agent.Instances;

/// <summary>How a process ended. The code is null when it was not this agent's child.</summary>
internal readonly record struct ProcessEnd(int? ExitCode, int Signal);

/// <summary>One run of an instance: its session, the signals to it, and the news of its end.</summary>
internal sealed class InstanceProcess
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private readonly TimeProvider _time;
    private volatile bool _asked;

    /// <param name="child">The process, when this agent started it itself.</param>
    public InstanceProcess(int run, ProcessIdentity identity, string mark, Process? child, ExitWatch watch, TimeProvider time)
    {
        Run = run;
        Identity = identity;
        Session = new Session(identity.Pid, mark, identity.StartTime);
        _time = time;
        Found = child is null;
        Ended = child is null ? AdoptedAsync(watch) : ChildAsync(child);
    }

    public int Run { get; }
    /// <summary>An earlier agent started it.</summary>
    public bool Found { get; }
    public ProcessIdentity Identity { get; }
    public Session Session { get; }

    /// <summary>Ends when the leader has, and after it everything of its session: a leader that died takes the rest with it at once, one that was asked to end leaves the rest the grace.</summary>
    public Task<ProcessEnd> Ended { get; }

    /// <summary>Why the agent itself killed it, if it did.</summary>
    public Model.Running.Failure? Cause { get; set; }

    public void Terminate()
    {
        _asked = true;
        if (Identity.Alive || Session.Members().Count > 0) Session.Terminate();
    }

    /// <summary>SIGHUP to the leader alone: what it started does not know what that means.</summary>
    public void Notify()
    {
        if (Identity.Alive) _ = LibC.Kill(Identity.Pid, LibC.SigHup);
    }

    public void Kill()
    {
        _asked = true;
        Session.Kill(others: false);
    }

    private async Task<ProcessEnd> ChildAsync(Process child)
    {
        using (child)
        {
            await child.WaitForExitAsync();
            var code = child.ExitCode;
            await LeftoversAsync();
            // .NET reports death by a signal as 128 + its number, as shells do.
            return code is > 128 and < 160 ? new ProcessEnd(code, code - 128) : new ProcessEnd(code, 0);
        }
    }

    private async Task<ProcessEnd> AdoptedAsync(ExitWatch watch)
    {
        await watch.Ended(Identity);
        await LeftoversAsync();
        return new ProcessEnd(null, 0);
    }

    // Bounded by the care for the instance: after the grace it kills the whole session.
    private async Task LeftoversAsync()
    {
        while (_asked && Session.Members().Count > 0) await Task.Delay(Look, _time);
        Session.Kill(others: false);
    }
}
