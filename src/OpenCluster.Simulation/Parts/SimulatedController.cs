using System.Text.Json;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Running;

namespace OpenCluster.Simulation.Parts;

/// <summary>
/// The shell around the real conductor: commits, then carries out effects, and dies at the worst moments. It answers whoever reports
/// an old revision with the newest plan, as a watch that was cut and comes back does.
/// </summary>
internal sealed class SimulatedController(World world)
{
    private readonly Dictionary<string, (string Json, long Revision, Assignment Plan)> assignments = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Json, long Revision, BalancerSnapshot Plan)> snapshots = new(StringComparer.Ordinal);
    private int life;
    private DateTimeOffset? wakePlanned;

    private enum CrashAt { Never, BeforeCommit, AfterCommit, AmongEffects }

    /// <summary>Null while the controller is dead.</summary>
    public Conductor? Conductor { get; private set; }

    public long Events { get; private set; }
    public long Commits { get; private set; }
    public int Crashes { get; private set; }

    /// <summary>The next outcome that writes something kills the controller, somewhere between persist and effect.</summary>
    public bool CrashArmed { get; set; }

    /// <summary>It does not get to run until then, though it lives.</summary>
    public DateTimeOffset StandsStillUntil { get; set; }

    public void Start()
    {
        life++;
        wakePlanned = null;
        assignments.Clear();
        snapshots.Clear();
        (Conductor, var outcome) = Conductor.Recover(world.Store.Documents, world.Now);
        world.Checks.MemoryIsTheStore(Conductor, "after recovering");
        world.Trace.Say("controller", $"starts at revision {world.Store.Revision}");
        Conductor.Committed(world.Store.Revision);
        CarryOut(outcome, CrashAt.Never);
        PlanWake();
    }

    public void Crash(TimeSpan down)
    {
        if (Conductor is null)
            return;
        world.Trace.Say("controller", $"dies, for {down.TotalSeconds:0.0} s");
        Conductor = null;
        CrashArmed = false;
        Crashes++;
        world.Timeline.In(down, Start);
    }

    /// <summary>Handles an event. Null: the controller is dead, or died before it was durable; whoever asked must ask again.</summary>
    public Outcome? Handle(ClusterEvent happened)
    {
        if (Conductor is not { } conductor)
            return null;
        if (world.Now < StandsStillUntil)
        {
            var sameLife = life;
            world.Timeline.At(StandsStillUntil, () =>
            {
                if (life == sameLife)
                    Handle(happened);
            });
            return null;
        }

        Events++;
        var outcome = conductor.Handle(happened, world.Now);
        var crash = CrashAt.Never;
        if (CrashArmed && !outcome.Persist.IsEmpty)
            crash = (CrashAt)world.Random.Between(1, 3);
        if (crash == CrashAt.BeforeCommit)
        {
            Crash(world.Random.Seconds(1, 20));
            return null;
        }

        if (!outcome.Persist.IsEmpty)
        {
            Commits++;
            world.Checks.BeforeCommit(conductor, outcome);
            world.Store.Commit(outcome.Persist);
            conductor.Committed(world.Store.Revision);
            if (crash == CrashAt.AfterCommit)
            {
                Crash(world.Random.Seconds(1, 20));
                return outcome;
            }
        }

        CarryOut(outcome, crash);
        if (Conductor is not null)
            PlanWake();
        return outcome;
    }

    public void Report(ServerReport report)
    {
        Handle(new ClusterEvent.ServerReported(report));
        if (Conductor is not null && assignments.TryGetValue(report.ServerId, out var told) && report.Revision < told.Revision)
            Send(report.ServerId, told.Plan);
    }

    public void Report(BalancerReport report)
    {
        Handle(new ClusterEvent.BalancerReported(report));
        if (Conductor is not null && snapshots.TryGetValue(report.Balancer, out var told) && report.Revision < told.Revision)
            Send(report.Balancer, told.Plan);
    }

    private void CarryOut(Outcome outcome, CrashAt crash)
    {
        var survives = crash == CrashAt.AmongEffects ? world.Random.Below(outcome.Effects.Length + 1) : outcome.Effects.Length;
        foreach (var effect in outcome.Effects.Take(survives))
            CarryOut(effect);
        if (crash == CrashAt.AmongEffects)
            Crash(world.Random.Seconds(1, 20));
    }

    private void CarryOut(ClusterEffect effect)
    {
        switch (effect)
        {
            case ClusterEffect.TellAgent tell:
                TellAgent(tell.ServerId);
                break;
            case ClusterEffect.TellBalancers:
                foreach (var balancer in Conductor!.Balancers)
                    TellBalancer(balancer);
                break;
            case ClusterEffect.ResolveCommit resolve:
                var sameLife = life;
                world.Timeline.In(world.Random.Millis(50, 800), () =>
                {
                    if (life == sameLife)
                        Handle(new ClusterEvent.CommitResolved(resolve.DeploymentId, resolve.Commit ?? world.Head, "a change"));
                });
                break;
            case ClusterEffect.Tell { Note: var note }:
                world.Trace.Say("tells", $"{note.Weight} {note.Subject}: {note.Text}");
                break;
        }
    }

    private void TellAgent(string serverId)
    {
        if (Conductor!.Assignment(serverId) is not { } plan)
            return;
        var json = JsonSerializer.Serialize(plan, ModelJson.Default.Assignment);
        if (assignments.TryGetValue(serverId, out var told) && told.Json == json)
            return;
        plan = plan with { Revision = world.Store.Revision };
        assignments[serverId] = (json, plan.Revision, plan);
        Send(serverId, plan);
    }

    private void TellBalancer(string balancer)
    {
        if (Conductor!.Snapshot(balancer) is not { } plan)
            return;
        var json = JsonSerializer.Serialize(plan, ModelJson.Default.BalancerSnapshot);
        if (snapshots.TryGetValue(balancer, out var told) && told.Json == json)
            return;
        plan = plan with { Revision = world.Store.Revision };
        snapshots[balancer] = (json, plan.Revision, plan);
        Send(balancer, plan);
    }

    private void Send(string serverId, Assignment plan)
    {
        if (world.Machines.TryGetValue(serverId, out var machine))
            world.Network.BetweenControllerAnd(machine.Name, () => machine.Hear(plan));
    }

    private void Send(string balancer, BalancerSnapshot plan)
    {
        if (world.Balancers.FirstOrDefault(b => b.Id == balancer) is { } process)
            world.Network.BetweenControllerAnd(process.Server.Name, () => process.Hear(plan));
    }

    private void PlanWake()
    {
        if (Conductor?.Wake is not { } wake || wakePlanned <= wake)
            return;
        wakePlanned = wake;
        var sameLife = life;
        world.Timeline.At(wake, () =>
        {
            if (life != sameLife || Conductor is null)
                return;
            if (wakePlanned <= world.Now)
                wakePlanned = null;
            Handle(new ClusterEvent.TimePassed());
        });
    }
}
