using System.Collections.Immutable;
using OpenCluster.Decisions.Instances;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Simulation.Parts;

/// <summary>
/// A server: its agent, which runs the real <see cref="InstanceCare"/>, the processes that outlive the agent, and a disk that outlives
/// both.
/// </summary>
internal sealed class Machine(World world, string id, string name)
{
    private static readonly Behaviour BuiltInPart = new(BehaviourKind.Good, TimeSpan.FromMilliseconds(100), TimeSpan.Zero, ObeysTerm: true);

    private readonly Dictionary<string, InstanceState> disk = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BalancerDisk> balancerDisks = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, InstanceState> care = new(StringComparer.Ordinal);
    private readonly Dictionary<string, InstanceStatus> said = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BuildStatus> builds = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Instance, int Run), Process> processes = [];
    private readonly Dictionary<string, Balancer> balancers = new(StringComparer.Ordinal);
    private Assignment? assignment;
    private int agentLife;
    private int boot = 1;
    private int nextPort = 20000;
    private DateTimeOffset agentStarted;
    private long sequence;
    private bool reportPlanned;
    private ImmutableArray<InstanceStatus> lastStatuses = [];

    public string Id => id;
    public string Name => name;
    public string Address { get; } = $"10.0.0.{id[(id.IndexOf('-', StringComparison.Ordinal) + 1)..]}";
    public bool Up { get; private set; } = true;
    public bool AgentUp { get; private set; }
    public IEnumerable<Balancer> Balancers => balancers.Values;
    public IEnumerable<Process> Processes => processes.Values;

    public Process? Listening(string instanceId, int port)
    {
        if (!Up)
            return null;
        foreach (var process in processes.Values)
        {
            if (process.Port == port && process.InstanceId == instanceId && process.Listens(world.Now))
                return process;
        }

        return null;
    }

    public bool Serves(string instanceId) => Up && processes.Values.Any(p => p.InstanceId == instanceId && p.PassesChecks(world.Now));

    public void StartAgent()
    {
        if (!Up || AgentUp)
            return;
        AgentUp = true;
        agentLife++;
        agentStarted = world.Now;
        sequence = 0;
        care.Clear();
        said.Clear();
        foreach (var (instance, state) in disk)
            care[instance] = state;
        foreach (var instance in care.Keys.ToList())
        {
            var alive = processes.Values.Where(p => p.InstanceId == instance && p.Alive).Select(p => p.Run).ToImmutableArray();
            Feed(instance, new CareEvent.Recovered(alive, Rebooted: disk[instance].Current is not null && alive.IsEmpty && rebooted));
        }

        rebooted = false;
        if (assignment is not null)
            Obey(assignment);
        Beat(agentLife);
    }

    public void CrashAgent()
    {
        AgentUp = false;
        agentLife++;
        // Builds die with their agent; its successor starts them again when it reads its orders.
        builds.Clear();
    }

    /// <summary>Everything on it is gone but the disk.</summary>
    public void Crash()
    {
        CrashAgent();
        Up = false;
        rebooted = true;
        boot++;
        foreach (var process in processes.Values)
            process.Alive = false;
        processes.Clear();
        foreach (var balancer in balancers.Values)
            balancer.Alive = false;
        balancers.Clear();
    }

    public void PowerOn()
    {
        Up = true;
        StartAgent();
    }

    /// <summary>kill -9.</summary>
    public void Kill(string instanceId)
    {
        foreach (var process in processes.Values.Where(p => p.InstanceId == instanceId).ToList())
            Exit(process, signal: 9);
    }

    public void Hear(Assignment plan)
    {
        if (!AgentUp)
            return;
        world.Checks.AgentHears(this, assignment, plan);
        if (assignment is not null && plan.Revision < assignment.Revision)
            return;
        assignment = plan;
        Obey(plan);
        PlanReport();
    }

    private bool rebooted;

    private void Obey(Assignment plan)
    {
        var ordered = new HashSet<string>(StringComparer.Ordinal);
        foreach (var order in plan.Removed ? [] : plan.Instances)
        {
            ordered.Add(order.Id);
            var rules = CareRules.For(order);
            if (care.TryGetValue(order.Id, out var state))
                care[order.Id] = state with { Rules = rules };
            else if (order.Wanted is Wanted.Run or Wanted.Held)
                care[order.Id] = InstanceCare.New(order.Id, rules, world.Now);
            else
                continue;
            Feed(order.Id, new CareEvent.Ordered(order.Wanted));
        }

        foreach (var instance in care.Keys.Where(k => !ordered.Contains(k)).ToList())
            Feed(instance, new CareEvent.Ordered(Wanted.Stop));
        foreach (var build in plan.Builds.Where(b => !builds.ContainsKey(b.ReleaseId)))
            Build(build);
        foreach (var release in builds.Keys.Where(r => plan.Builds.All(b => b.ReleaseId != r)).ToList())
            builds.Remove(release);
    }

    private void Feed(string instance, CareEvent happened)
    {
        if (!care.TryGetValue(instance, out var before))
            return;
        var decision = InstanceCare.Handle(before, happened, world.Now);
        var state = decision.State;
        care[instance] = state;
        if (decision.Persist == Decisions.Persist.StateFirst)
            disk[instance] = state;
        if (state.Phase != before.Phase)
        {
            world.Trace.Say(name, $"{instance}: {before.Phase} → {state.Phase}{(state.Failure is null ? "" : $" ({state.Failure.Code})")}");
            PlanReport();
        }

        foreach (var effect in decision.Effects)
            CarryOut(instance, effect);
        state = care.GetValueOrDefault(instance) ?? state;
        if (state.AtRest && Order(instance) is null)
        {
            care.Remove(instance);
            disk.Remove(instance);
            said.Remove(instance);
            PlanReport();
        }
        else if (state.Wake != before.Wake || happened is CareEvent.Recovered)
        {
            PlanWake(instance, state);
        }
    }

    private void PlanWake(string instance, InstanceState state)
    {
        if (state.Wake is not { } wake)
            return;
        var life = agentLife;
        world.Timeline.At(wake, () =>
        {
            if (life == agentLife && care.TryGetValue(instance, out var now) && now.Wake <= world.Now)
                Feed(instance, new CareEvent.TimePassed());
        });
    }

    private void CarryOut(string instance, CareEffect effect)
    {
        var life = agentLife;
        switch (effect)
        {
            case CareEffect.Fetch:
                Later(world.Random.Millis(30, 400), new CareEvent.Fetched());
                break;
            case CareEffect.Start start:
                Start(instance, start.Run);
                break;
            case CareEffect.Check check:
                var process = processes.GetValueOrDefault((instance, check.Run));
                var listens = process?.Listens(world.Now) == true;
                Feed(instance, new CareEvent.Checked(check.Run, process?.PassesChecks(world.Now) == true, listens, listens ? "answered 500" : "connection refused"));
                break;
            case CareEffect.Terminate terminate when processes.TryGetValue((instance, terminate.Run), out var asked):
                asked.Leaving = true;
                world.Checks.Terminates(this, asked, Order(instance));
                if (asked.Behaviour.ObeysTerm)
                    world.Timeline.In(world.Random.Millis(20, 300), () => Exit(asked, signal: 0));
                break;
            case CareEffect.Kill kill when processes.TryGetValue((instance, kill.Run), out var killed):
                world.Timeline.In(TimeSpan.FromMilliseconds(5), () => Exit(killed, signal: 9));
                break;
        }

        void Later(TimeSpan delay, CareEvent answer) => world.Timeline.In(delay, () =>
        {
            if (life == agentLife)
                Feed(instance, answer);
        });
    }

    private void Start(string instance, int run)
    {
        if (processes.ContainsKey((instance, run)))
            return;
        var order = Order(instance);
        if (order is null)
            return;
        var behaviour = order.Release?.Commit is { } commit ? world.Commits[commit] : BuiltInPart;
        var port = order.Spec.Ports.FirstOrDefault()?.Number is > 0 and var number ? number : nextPort++;
        var process = new Process(instance, run, behaviour, world.Now, port);
        processes[(instance, run)] = process;
        if (order.Spec.Kind == RunKind.LoadBalancer)
        {
            if (!balancerDisks.TryGetValue(instance, out var kept))
                balancerDisks[instance] = kept = new BalancerDisk();
            balancers[instance] = new Balancer(world, this, instance, kept);
        }

        var life = agentLife;
        world.Timeline.In(TimeSpan.FromMilliseconds(5), () =>
        {
            if (life == agentLife && process.Alive)
                Feed(instance, new CareEvent.Started(run, port));
        });
        if (process.DiesAt is { } end)
            world.Timeline.At(end, () => Exit(process, signal: 0));
    }

    private void Exit(Process process, int signal)
    {
        if (!process.Alive)
            return;
        process.Alive = false;
        processes.Remove((process.InstanceId, process.Run));
        if (balancers.Remove(process.InstanceId, out var balancer))
            balancer.Alive = false;
        if (!AgentUp)
            return;
        Feed(process.InstanceId, new CareEvent.Exited(process.Run, signal == 0 ? 1 : null, signal));
    }

    private void Build(BuildOrder order)
    {
        builds[order.ReleaseId] = new BuildStatus { ReleaseId = order.ReleaseId, Phase = BuildPhase.Building };
        var life = agentLife;
        world.Timeline.In(world.Random.Seconds(1, 12), () =>
        {
            if (life != agentLife || !builds.ContainsKey(order.ReleaseId))
                return;
            builds[order.ReleaseId] = world.Commits[order.Commit!].Kind == BehaviourKind.BuildFails
                ? new BuildStatus { ReleaseId = order.ReleaseId, Phase = BuildPhase.Failed, Failure = new Failure("build-failed", "the build exited with code 2") }
                : new BuildStatus { ReleaseId = order.ReleaseId, Phase = BuildPhase.Done, Digest = $"sha-{order.Commit}", SizeBytes = 1000 };
            PlanReport();
        });
    }

    private InstanceOrder? Order(string instance) => assignment is null or { Removed: true } ? null : assignment.Instances.FirstOrDefault(o => o.Id == instance);

    private void Beat(int life)
    {
        if (life != agentLife)
            return;
        Report();
        world.Timeline.In(assignment?.Heartbeat ?? TimeSpan.FromMilliseconds(500), () => Beat(life));
    }

    private void PlanReport()
    {
        if (reportPlanned)
            return;
        reportPlanned = true;
        var life = agentLife;
        world.Timeline.In(TimeSpan.FromMilliseconds(1), () =>
        {
            reportPlanned = false;
            if (life == agentLife && AgentUp)
                Report();
        });
    }

    private void Report()
    {
        if (!world.Network.ReachesController(name))
            return;
        sequence++;
        var report = new ServerReport
        {
            ServerId = id,
            BootId = $"{id}-boot-{boot}",
            AgentStarted = agentStarted,
            Sequence = sequence,
            Revision = assignment?.Revision ?? 0,
            Address = Address,
            Instances = Statuses(),
            Builds = builds.Count == 0 ? [] : [.. builds.Values],
        };
        world.Network.BetweenControllerAnd(name, () => world.Controller.Report(report));
    }

    /// <summary>The same array as long as nothing changed: most reports say nothing new.</summary>
    private ImmutableArray<InstanceStatus> Statuses()
    {
        var changed = lastStatuses.Length != care.Count;
        var i = 0;
        foreach (var state in care.Values)
        {
            var status = Status(state);
            changed = changed || !ReferenceEquals(lastStatuses[i], status);
            i++;
        }

        if (changed)
            lastStatuses = [.. care.Values.Select(Status)];
        return lastStatuses;
    }

    private InstanceStatus Status(InstanceState state)
    {
        if (said.TryGetValue(state.Id, out var before) && before.Phase == state.Phase && before.Since == state.Since
            && before.Restarts == state.Restarts && ReferenceEquals(before.Failure, state.Failure))
            return before;
        return said[state.Id] = new InstanceStatus
        {
            Id = state.Id,
            ReleaseId = Order(state.Id)?.Release?.Id,
            Phase = state.Phase,
            Since = state.Since,
            Restarts = state.Restarts,
            Failure = state.Failure,
            Address = Address,
            Ports = state.Current is { Known: true } ? ImmutableSortedDictionary<string, int>.Empty.Add("http", state.Port) : ImmutableSortedDictionary<string, int>.Empty,
        };
    }
}
