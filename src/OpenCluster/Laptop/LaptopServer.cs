using System.Diagnostics;
using OpenCluster.Agent;
using OpenCluster.Agent.LocalApi;
using OpenCluster.Agent.Processes;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Laptop;

/// <summary>
/// One server of the file on this machine: a directory, a loopback address, a range of ports, and the agent process that is the
/// server. Here <c>up</c> does for the agent what systemd does on a real one.
/// </summary>
internal sealed class LaptopServer(AgentOptions options, string executable, TimeProvider time)
{
    /// <summary>Draining and stopping everything on a server takes at most so long; what is left then is named in the agent's log.</summary>
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <summary>One start or kill at a time: the play starts agents, and so does the loop that keeps them up.</summary>
    private readonly SemaphoreSlim _oneAtATime = new(1);

    private Process? _agent;
    private bool _wantedUp;

    public string Name => Options.ServerName;

    public AgentOptions Options { get; } = options;

    /// <summary>Its agent has a certificate of the cluster.</summary>
    public bool HasJoined => new CredentialFiles(AgentOptions.IdentityIn(Options.Directory)).Exist;

    /// <summary>The agent's own log.</summary>
    public string Log => Path.Combine(Options.Directory, "agent.log");

    /// <summary>
    /// Starts the agent, in a session of its own so that a Ctrl-C on the terminal is not meant for it. One that is left from an
    /// earlier run gives way first; what it started stays and is found again.
    /// </summary>
    public Task StartAsync(CancellationToken ct)
    {
        _wantedUp = true;
        return KeepUpAsync(ct);
    }

    /// <summary>Starts an agent that died by itself; one that was taken down on purpose stays down.</summary>
    public Task KeepUpAsync(CancellationToken ct) => AloneAsync(async () =>
    {
        if (!_wantedUp || _agent is { HasExited: false }) return;
        if (_agent is null) await RelieveAsync(ct).ConfigureAwait(false);
        _agent?.Dispose();
        const string Line = "exec \"$0\" agent --directory \"$1\" >>\"$2\" 2>&1 </dev/null";
        var start = new ProcessStartInfo("setsid", ["sh", "-c", Line, executable, Options.Directory, Log]) { UseShellExecute = false };
        foreach (var (name, value) in RuntimeNeeds.SmallHeap) start.Environment[name] = value;
        _agent = Process.Start(start)
            ?? throw new IOException($"The agent of {Name} could not be started.");
    }, ct);

    /// <summary>Ends the agent at once (SIGKILL) and leaves it down; what it started goes on running.</summary>
    public Task KillAgentAsync(CancellationToken ct) => AloneAsync(async () =>
    {
        _wantedUp = false;
        if (_agent is not { HasExited: false } running) return;
        Signals.Send(running.Id, Signals.Kill);
        await running.WaitForExitAsync(ct).ConfigureAwait(false);
    }, ct);

    /// <summary>Ends one instance at once (SIGKILL), with everything it started.</summary>
    public async Task KillInstanceAsync(string instance, CancellationToken ct)
    {
        var pid = (await AskAsync(LocalVerb.Instances, null, ct).ConfigureAwait(false)).Instances.FirstOrDefault(i => i.Id == instance)?.Pid ?? 0;
        if (pid > 0) Signals.SendToGroup(pid, Signals.Kill);
    }

    /// <summary>Restarts one instance without asking a controller; a load-balancer hands over.</summary>
    public Task RestartInstanceAsync(string instance, CancellationToken ct) => AskAsync(LocalVerb.Restart, instance, ct);

    /// <summary>From here on the agent does not start this instance again when it dies.</summary>
    public Task HoldAsync(string instance, CancellationToken ct) => AskAsync(LocalVerb.Hold, instance, ct);

    public Task ReleaseAsync(string instance, CancellationToken ct) => AskAsync(LocalVerb.Release, instance, ct);

    /// <summary>Drains and stops everything on the server, its agent last. One that is not there has nothing to stop.</summary>
    public async Task StopAllAsync(CancellationToken ct)
    {
        _wantedUp = false;
        if (!await TryAskAsync(LocalVerb.StopAll, ct).ConfigureAwait(false)) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(StopTime);
        await GoneAsync(limit.Token).ConfigureAwait(false);
    }

    private async Task AloneAsync(Func<Task> work, CancellationToken ct)
    {
        await _oneAtATime.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            await work().ConfigureAwait(false);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private async Task RelieveAsync(CancellationToken ct)
    {
        if (!await TryAskAsync(LocalVerb.StopAgent, ct).ConfigureAwait(false)) return;
        await GoneAsync(ct).ConfigureAwait(false);
    }

    private async Task GoneAsync(CancellationToken ct)
    {
        while (await TryAskAsync(LocalVerb.Instances, ct).ConfigureAwait(false)) await Task.Delay(Look, time, ct).ConfigureAwait(false);
        if (_agent is not null) await _agent.WaitForExitAsync(ct).ConfigureAwait(false);
    }

    /// <returns>False when no agent answers.</returns>
    private async Task<bool> TryAskAsync(LocalVerb verb, CancellationToken ct)
    {
        try
        {
            await AskAsync(verb, null, ct).ConfigureAwait(false);
            return true;
        }
        catch (AgentException)
        {
            return false;
        }
    }

    private Task<LocalAnswer> AskAsync(LocalVerb verb, string? instance, CancellationToken ct) =>
        LocalClient.AskAsync(Options.Directory, new LocalRequest(verb, instance), ct);
}
