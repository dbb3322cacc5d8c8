using System.Collections.Immutable;
using OpenCluster.Agent.Logs;
using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Releases;
using OpenCluster.Decisions;
using OpenCluster.Decisions.Instances;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Instances;

/// <summary>
/// The shell around <see cref="InstanceCare"/> for one instance: feeds it what happens, writes its state when told to, and carries out
/// its effects. Everything here runs on the agent's loop; what takes time runs beside it and posts its answer.
/// </summary>
internal sealed class InstanceKeeper
{
    private readonly InstanceWorld _world;
    private readonly InstanceChecks _checks;
    private readonly Dictionary<int, InstanceProcess> _processes = [];
    private readonly Queue<CareEvent> _events = new();
    private InstanceRecord _record;
    private long _logFrom;
    private bool _handling;

    public InstanceKeeper(InstanceWorld world, InstanceOrder order)
        : this(world, new InstanceRecord { Order = order, State = InstanceCare.New(order.Id, CareRules.For(order), world.Clock.Now) })
    {
    }

    private InstanceKeeper(InstanceWorld world, InstanceRecord record)
    {
        _world = world;
        _record = record;
        _checks = new InstanceChecks(world);
        Log = new LogFile(world.Directory.Log(Id), world.Options.Logs);
    }

    public string Id => _record.Order.Id;
    public InstanceOrder Order => _record.Order;
    public InstanceState State => _record.State;
    public LogFile Log { get; }
    public Usage Usage { get; set; } = new();

    /// <summary>Leaders of the sessions that belong to it now.</summary>
    public IEnumerable<int> Sessions => _processes.Values.Select(p => p.Identity.Pid);

    /// <summary>Its process, and whether an earlier agent started it; null while there is none.</summary>
    public (ProcessIdentity Identity, bool Found)? Running => _processes.Values.OrderBy(p => p.Run).LastOrDefault() is { } process ? (process.Identity, process.Found) : null;

    /// <summary>An instance found on disk after an agent restart, with what lives of it.</summary>
    public static InstanceKeeper Recover(InstanceWorld world, InstanceRecord record, IReadOnlyList<MarkedProcess> marked)
    {
        var keeper = new InstanceKeeper(world, record);
        world.Ports.Remember(keeper.Id, record.Ports.Values);
        var alive = Adoption.Find(record, world.Directory.Token(keeper.Id), marked);
        var rebooted = record.BootId != ProcFs.BootId;
        keeper._record = record with { Processes = alive, BootId = ProcFs.BootId };
        foreach (var (run, identity) in alive) keeper.Watch(new InstanceProcess(run, identity, world.Directory.Token(keeper.Id), null, world.Exits, world.Time));
        keeper.Save();
        keeper.Handle(new CareEvent.Recovered([.. alive.Keys], rebooted));
        // The agent may have died between hearing of a new value and telling of it.
        if (!record.Order.Secrets.IsEmpty && alive.Count > 0) keeper.RenewSecrets(record.Order);
        return keeper;
    }

    /// <summary>The order as it is now. What runs goes on with what it was started with; what it says of stopping and checking holds at once.</summary>
    public void Obey(InstanceOrder order)
    {
        var renewed = !order.Secrets.SequenceEqual(Order.Secrets);
        _record = _record with { Order = order, State = State with { Rules = CareRules.For(order) } };
        Handle(new CareEvent.Ordered(order.Wanted));
        if (renewed && State.Current is not null) RenewSecrets(order);
    }

    public void Handle(CareEvent happened)
    {
        _events.Enqueue(happened);
        if (_handling) return;
        _handling = true;
        try
        {
            while (_events.TryDequeue(out var next)) Step(next);
        }
        finally
        {
            _handling = false;
        }
    }

    private static readonly TimeSpan RenewAgain = TimeSpan.FromSeconds(5);

    /// <summary>Beside the watch itself, time for its batch to become ready.</summary>
    private static readonly TimeSpan NewFor = TimeSpan.FromMinutes(2);

    public InstanceStatus Status() => new()
    {
        Id = Id,
        ReleaseId = Order.Release?.Id,
        Phase = State.Phase,
        Since = State.Since,
        Pid = State.Current is { } life && _processes.TryGetValue(life.Run, out var process) ? process.Identity.Pid : 0,
        Address = Order.Address,
        Ports = _record.Ports,
        Restarts = State.Restarts,
        Failure = State.Failure,
        Wrote = IsNew ? Log.Last(20, _logFrom) : [],
        Usage = Usage,
    };

    /// <summary>A roll-out may still be watching it, and wants its last lines should the load-balancers complain.</summary>
    private bool IsNew => State.FirstStart is { } start && _world.Clock.Now - start < NewFor + Order.Spec.RollOut.Watch;

    /// <summary>A command in the instance's directory, environment and user, beside it.</summary>
    /// <exception cref="AgentException">It cannot be prepared.</exception>
    public Launch Beside(ImmutableArray<string> command) => _world.Start.Prepare(Order, _record.Ports) with { Command = command };

    /// <summary>The agent kills it for a reason of its own; the care learns of it as of any death.</summary>
    public void KillBecause(Failure cause)
    {
        foreach (var process in _processes.Values)
        {
            process.Cause = cause;
            process.Kill();
        }
    }

    /// <summary>Removes every trace of an instance that is at rest and not ordered any more.</summary>
    public void Forget()
    {
        _world.Ports.Forget(Id);
        _world.Cgroup?.Remove(Id);
        Files.Trees.Delete(_world.Directory.Instance(Id));
    }

    private void Step(CareEvent happened)
    {
        var before = State;
        Decision<InstanceState, CareEffect> decision = InstanceCare.Handle(State, happened, _world.Clock.Now);
        _record = _record with { State = WithEvidence(decision.State) };
        if (State.Phase != before.Phase) Tell(before.Phase);
        // A full disk must not keep a dead service down: the start goes ahead, and after a crash the process is found by its mark.
        if (decision.Persist is Persist.StateFirst) Save();
        foreach (var effect in decision.Effects) CarryOut(effect);
        _world.Changed();
    }

    private void CarryOut(CareEffect effect)
    {
        switch (effect)
        {
            case CareEffect.Fetch: Fetch(); break;
            case CareEffect.Start start: Start(start.Run); break;
            case CareEffect.Terminate terminate: _processes.GetValueOrDefault(terminate.Run)?.Terminate(); break;
            case CareEffect.Kill kill: _processes.GetValueOrDefault(kill.Run)?.Kill(); break;
            case CareEffect.Check check: Check(check.Run); break;
        }
    }

    private void Fetch()
    {
        var order = Order;
        _ = _world.Loop.Beside(async () =>
        {
            var refusal = order.Release is { } release ? await _world.Releases.EnsureAsync(release, _world.Ending) : null;
            if (refusal is null && await _world.Secrets.EnsureAsync(order.Secrets, _world.Ending) is { } missing) refusal = new FetchRefusal(missing, Lasting: false);
            CareEvent answer = refusal is null ? new CareEvent.Fetched() : new CareEvent.FetchFailed(refusal.Failure, refusal.Lasting);
            await _world.Loop.PostAsync(() => Handle(answer));
        });
    }

    /// <summary>Under a running instance: fetches the values that the order names, puts them in its files, and tells it where it wants to be told. Tried until it is done or the order is another.</summary>
    private void RenewSecrets(InstanceOrder order) => _ = _world.Loop.Beside(async () =>
    {
        while (await _world.Secrets.EnsureAsync(order.Secrets, _world.Ending) is { } missing)
        {
            await _world.Loop.PostAsync(() => _world.Log.Warn($"{Id} keeps its secrets as they were: {missing.Reason}"));
            await Task.Delay(RenewAgain, _world.Time, _world.Ending);
            if (!Order.Secrets.SequenceEqual(order.Secrets)) return;
        }

        await _world.Loop.PostAsync(() =>
        {
            if (!Order.Secrets.SequenceEqual(order.Secrets) || State.Current is not { } life || !_processes.TryGetValue(life.Run, out var process)) return;
            if (_world.Start.RenewSecrets(order) && order.Spec.OnNewSecret is NewSecret.Signal) process.Notify();
        });
    });

    private void Start(int run)
    {
        if (_processes.ContainsKey(run)) return;
        try
        {
            // In a hand-over the ports are held by the old process, and stay what they are.
            if (State.Successor is null)
                _record = _record with { Ports = _world.Ports.Choose(Id, Order.Address, Order.Spec.Ports, _record.Ports) };
            var launch = _world.Start.Prepare(Order, _record.Ports);
            _logFrom = Log.End;
            var child = launch.Start();
            // A process that has already ended still has an identity: nobody but the runtime collects it.
            var identity = ProcessIdentity.Of(child.Id) ?? new ProcessIdentity(child.Id, 0, ProcFs.BootId);
            _record = _record with { Processes = _record.Processes.SetItem(run, identity), BootId = ProcFs.BootId };
            Save();
            Watch(new InstanceProcess(run, identity, _world.Directory.Token(Id), child, _world.Exits, _world.Time));
            _events.Enqueue(new CareEvent.Started(run, MainPort));
        }
        catch (Exception refused) when (refused is AgentException or IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            var code = refused is AgentException known ? known.Code : "start-failed";
            // Lost on this disk; by the next try it may be here again.
            if (!Order.Secrets.IsEmpty) _ = _world.Loop.Beside(() => _world.Secrets.EnsureAsync(Order.Secrets, _world.Ending));
            _events.Enqueue(new CareEvent.StartFailed(run, new Failure(code, refused.Message)));
        }
    }

    private int MainPort => PortChooser.Main(Order.Spec.Ports) is { } main ? _record.Ports.GetValueOrDefault(main.Name) : 0;

    private void Watch(InstanceProcess process)
    {
        _processes[process.Run] = process;
        _ = _world.Loop.Beside(async () =>
        {
            var end = await process.Ended;
            await _world.Loop.PostAsync(() => Gone(process, end));
        });
    }

    private void Gone(InstanceProcess process, ProcessEnd end)
    {
        _processes.Remove(process.Run);
        KillStrays(process);
        _record = _record with { Processes = _record.Processes.Remove(process.Run) };
        Handle(new CareEvent.Exited(process.Run, end.ExitCode, end.Signal, process.Cause));
    }

    // What left its session but carries the mark. Done here, on the loop, where no other run of this instance can be starting meanwhile.
    private void KillStrays(InstanceProcess gone)
    {
        if (_processes.Count > 0) return;
        gone.Session.Kill();
        _world.SecretFiles.Remove(Id);
    }

    private void Check(int run)
    {
        if (State.Rules.Check is not { } check) return;
        var port = check.Port.Length is 0 ? MainPort : _record.Ports.GetValueOrDefault(check.Port);
        _ = _world.Loop.Beside(async () =>
        {
            var answer = await _checks.AskAsync(Order, check, port, _record.Ports, _world.Ending);
            await _world.Loop.PostAsync(() => Handle(new CareEvent.Checked(run, answer.Good, answer.Listened, answer.Reason)));
        });
    }

    private InstanceState WithEvidence(InstanceState state) =>
        state.Failure is { Log.Length: 0 } failure && failure != State.Failure
            ? state with { Failure = failure with { Log = Log.Last(20, _logFrom) } }
            : state;

    private void Save()
    {
        try
        {
            AgentDirectory.Make(_world.Directory.Instance(Id));
            _record.Write(_world.Directory.Record(Id));
            _world.Disk(null);
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            _world.Disk($"the agent cannot write {_world.Directory.Record(Id)}: {full.Message}");
        }
    }

    private void Tell(InstancePhase before)
    {
        var why = State.Failure is { } failure && State.Phase is not InstancePhase.Ready ? $": {failure.Reason}" : "";
        _world.Log.Info($"{Id} ({Order.Service}) {before} → {State.Phase}{why}");
    }
}
