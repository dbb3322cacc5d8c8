using OpenCluster.Decisions.Targets;
using OpenCluster.Model.Balancing;

namespace OpenCluster.Simulation.Parts;

/// <summary>What a load-balancer keeps on disk: the last good routes.</summary>
internal sealed class BalancerDisk
{
    public BalancerSnapshot? Snapshot { get; set; }
}

/// <summary>One request of a client, on its way.</summary>
internal sealed class Request(DateTimeOffset deadline, Action<bool> done)
{
    public DateTimeOffset Deadline => deadline;
    public HashSet<string> Tried { get; } = new(StringComparer.Ordinal);
    public int Tries { get; set; }

    public void Done(bool good) => done(good);
}

/// <summary>A load-balancer process: the real machine for each target's health, and the real choice among them.</summary>
internal sealed class Balancer
{
    private const int Tries = 3;

    private readonly World world;
    private readonly BalancerDisk disk;
    private readonly Dictionary<string, Seen> targets = new(StringComparer.Ordinal);
    private TargetRules rules = TargetRules.Default;
    private bool reportPlanned;

    public Balancer(World world, Machine server, string id, BalancerDisk disk)
    {
        this.world = world;
        this.disk = disk;
        Server = server;
        Id = id;
        if (disk.Snapshot is { } last)
            Serve(last);
        Tick();
    }

    public Machine Server { get; }
    public string Id { get; }
    public bool Alive { get; set; } = true;
    public bool Reachable => Alive && Server.Up;

    private IReadOnlyList<Target> Targets => disk.Snapshot?.Routes is { Length: > 0 } routes ? routes[0].Targets : [];

    public void Hear(BalancerSnapshot plan)
    {
        if (!Alive || plan.Revision < (disk.Snapshot?.Revision ?? 0))
            return;
        Serve(plan);
        PlanReport();
    }

    /// <summary>Takes a request; answers by <see cref="Request.Done"/>, or never when this process dies with it.</summary>
    public void Take(Request request)
    {
        if (!Alive)
            return;
        if (Choose(request) is not { } target)
        {
            if (world.Now >= request.Deadline)
                request.Done(good: false);
            else
                world.Timeline.In(TimeSpan.FromMilliseconds(100), () => Take(request));
            return;
        }

        request.Tries++;
        request.Tried.Add(target.Id);
        var seen = targets[target.Id];
        seen.Requests++;
        var machine = world.At(target.Address);
        if (machine is not { Up: true })
        {
            world.Timeline.In(TimeSpan.FromSeconds(1), () => Failed(request, target, "connect timed out", refused: false));
            return;
        }

        if (machine.Listening(target.Id, target.Port) is not { } process)
        {
            Failed(request, target, "connection refused", refused: true);
            return;
        }

        process.InFlight++;
        seen.InFlight++;
        var errs = process.Behaviour.Kind == BehaviourKind.FailsRequests && world.Random.Chance(50);
        world.Timeline.In(world.Random.Millis(2, 150), () =>
        {
            process.InFlight--;
            seen.InFlight--;
            if (!Alive)
                return;
            if (!process.Alive)
                Failed(request, target, "connection lost", refused: false);
            else if (errs || !process.PassesChecks(world.Now))
                Failed(request, target, "answered 500", refused: false);
            else
                Passed(request, target);
        });
    }

    private Target? Choose(Request request)
    {
        var all = Targets;
        if (all.Count == 0)
            return null;
        Span<int> upTo = stackalloc int[all.Count];
        Span<int> levels = stackalloc int[all.Count];
        var candidates = new Candidate[all.Count];
        for (var i = 0; i < all.Count; i++)
        {
            var distance = Nearness.Between(disk.Snapshot!.Location, all[i].Location);
            candidates[i] = new(targets[all[i].Id].Health, all[i].Weight, all[i].Draining, all[i].Release, all[i].Incompatible, distance);
        }
        Weighing.Weigh(candidates, new WeighingRules(TimeSpan.FromSeconds(10), disk.Snapshot!.Routes[0].Rules.Balance), world.Now, upTo, levels);
        var (first, _) = TargetChoice.Draw(upTo, world.Random.Next());
        if (first < 0)
            return null;
        world.Checks.Chosen(this, all[first]);
        if (!request.Tried.Contains(all[first].Id))
            return all[first];

        // A retry goes to another target when there is one.
        for (var i = 0; i < all.Count; i++)
        {
            if (levels[i] >= 0 && !request.Tried.Contains(all[i].Id))
                return all[i];
        }

        return all[first];
    }

    private void Passed(Request request, Target target)
    {
        if (targets.TryGetValue(target.Id, out var seen) && seen.Health.FailuresInRow > 0)
            Feed(target.Id, TargetEvent.RequestPassed.Instance);
        request.Done(good: true);
    }

    private void Failed(Request request, Target target, string why, bool refused)
    {
        if (!Alive)
            return;
        if (targets.TryGetValue(target.Id, out var seen))
        {
            seen.Failed++;
            Feed(target.Id, new TargetEvent.RequestFailed(why, refused));
        }

        if (request.Tries < Tries)
            Take(request);
        else
            request.Done(good: false);
    }

    private void Serve(BalancerSnapshot plan)
    {
        disk.Snapshot = plan;
        rules = TargetRules.For(plan.Routes.Length > 0 ? plan.Routes[0].Check : null);
        var now = Targets.Select(t => t.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in targets.Keys.Where(t => !now.Contains(t)).ToList())
            targets.Remove(gone);
        foreach (var target in Targets)
        {
            if (targets.TryAdd(target.Id, new Seen()))
                Check(target);
        }
    }

    private void Tick()
    {
        if (!Alive)
            return;
        foreach (var target in Targets)
        {
            Feed(target.Id, TargetEvent.TimePassed.Instance);
            Check(target);
        }

        Report();
        world.Timeline.In(TimeSpan.FromSeconds(1), Tick);
    }

    private void Check(Target target)
    {
        var machine = world.At(target.Address);
        var process = machine?.Listening(target.Id, target.Port);
        Feed(target.Id, process is not null && process.PassesChecks(world.Now)
            ? TargetEvent.CheckPassed.Instance
            : new TargetEvent.CheckFailed(process is null ? "connection refused" : "answered 500", machine is { Up: true } && process is null));
    }

    private void Feed(string target, TargetEvent happened)
    {
        if (!targets.TryGetValue(target, out var seen))
            return;
        var decision = seen.Health.Handle(happened, rules, world.Now);
        seen.Health = decision.State;
        foreach (var effect in decision.Effects)
        {
            if (effect is TargetEffect.Changed changed)
            {
                world.Trace.Say(Id, $"{target}: {changed.From} → {changed.To}{(changed.Reason is null ? "" : $" ({changed.Reason})")}");
                PlanReport();
            }
            else if (Targets.FirstOrDefault(t => t.Id == target) is { } again)
            {
                world.Timeline.In(TimeSpan.FromMilliseconds(5), () =>
                {
                    if (Alive)
                        Check(again);
                });
            }
        }
    }

    private void PlanReport()
    {
        if (reportPlanned)
            return;
        reportPlanned = true;
        world.Timeline.In(TimeSpan.FromMilliseconds(2), () =>
        {
            reportPlanned = false;
            Report();
        });
    }

    private void Report()
    {
        if (!Alive || !world.Network.ReachesController(Server.Name))
            return;
        var report = new BalancerReport
        {
            Balancer = Id,
            Revision = disk.Snapshot?.Revision ?? 0,
            Targets = [.. targets.Select(t => new TargetReport
            {
                Id = t.Key,
                State = t.Value.Health.State,
                Requests = t.Value.Requests,
                Failed = t.Value.Failed,
                InFlight = t.Value.InFlight,
                Reason = t.Value.Health.Reason,
            })],
        };
        world.Network.BetweenControllerAnd(Server.Name, () => world.Controller.Report(report));
    }

    private sealed class Seen
    {
        public TargetHealth Health { get; set; } = TargetHealth.Unseen;
        public long Requests { get; set; }
        public long Failed { get; set; }
        public int InFlight { get; set; }
    }
}
