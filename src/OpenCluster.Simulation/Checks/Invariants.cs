using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.RollOuts;
using OpenCluster.Decisions.Servers;
using OpenCluster.Model;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Running;
using OpenCluster.Simulation.Parts;

namespace OpenCluster.Simulation.Checks;

/// <summary>What must never be, whatever happens. The first violation ends the run.</summary>
internal sealed class Invariants(World world)
{
    /// <summary>The longest that resolving, building on three servers, rolling out and rolling back may take in a simulated cluster.</summary>
    private static readonly TimeSpan LongestDeployment = TimeSpan.FromMinutes(25);

    private readonly List<string> violations = [];

    public ImmutableArray<string> Violations => [.. violations];
    public bool Broken => violations.Count > 0;
    public int InstancesStarted { get; private set; }

    /// <summary>After recovery at any point, memory is what the store holds: nothing more, nothing less.</summary>
    public void MemoryIsTheStore(Conductor conductor, string when)
    {
        var stored = world.Store.Documents.Where(d => !d.Key.StartsWith("file/", StringComparison.Ordinal)).ToDictionary(d => d.Key, d => d.Value, StringComparer.Ordinal);
        foreach (var (key, json) in conductor.Documents())
        {
            if (!stored.Remove(key, out var there))
                Violated($"{when}, {key} is in memory and not in the store");
            else if (!there.Span.SequenceEqual(json.Span))
                Violated($"{when}, {key} differs: store {Encoding.UTF8.GetString(there.Span)}, memory {Encoding.UTF8.GetString(json.Span)}");
        }

        foreach (var key in stored.Keys)
            Violated($"{when}, {key} is in the store and not in memory");
    }

    /// <summary>Looks at what is about to become durable, with the store still as it was.</summary>
    public void BeforeCommit(Conductor conductor, Outcome outcome)
    {
        if (outcome.Persist.Length > Outcome.MaxDocuments)
            Violated($"an outcome has {outcome.Persist.Length} documents");
        var instances = false;
        foreach (var write in outcome.Persist)
        {
            if (write.Key.StartsWith("instance/", StringComparison.Ordinal))
            {
                instances = true;
                if (!world.Store.Documents.ContainsKey(write.Key))
                    InstancesStarted++;
            }
            else if (write.Key.StartsWith("deployment/", StringComparison.Ordinal))
            {
                OneAtATime(conductor);
            }
        }

        if (instances)
            NeverFewerByOurOwnDoing(conductor, outcome);
    }

    /// <summary>What an agent is told never goes back, whatever the network does to the order.</summary>
    public void AgentHears(Machine machine, Assignment? before, Assignment now)
    {
        if (before is not null && before.Revision == now.Revision && JsonSerializer.Serialize(before, ModelJson.Default.Assignment) != JsonSerializer.Serialize(now, ModelJson.Default.Assignment))
            Violated($"{machine.Name} hears two different assignments of revision {now.Revision}");
    }

    /// <summary>A load-balancer that was told that a target drains or is gone sends it nothing.</summary>
    public void Chosen(Balancer balancer, Target target)
    {
        if (target.Draining)
            Violated($"{balancer.Id} chose {target.Id}, of which it knows that it drains");
    }

    /// <summary>Nobody is stopped on our order with requests in flight, before its drain time is over. Only without faults: a load-balancer that is not heard cannot be waited for longer.</summary>
    public void Terminates(Machine machine, Process process, Model.Running.InstanceOrder? order)
    {
        if (world.Options.Faults || process.InFlight == 0 || order is not { Wanted: Wanted.Stop } || !process.Behaviour.IsGood)
            return;
        var drained = world.Controller.Conductor?.View().Instances.FirstOrDefault(i => i.Instance.Id == process.InstanceId)?.Instance.DrainSince;
        if (drained is { } since && world.Now < since + order.Spec.Stop.Drain)
            Violated($"{process.InstanceId} on {machine.Name} is stopped with {process.InFlight} requests in flight, {(world.Now - since).TotalSeconds:0.0} s after its drain began");
    }

    public void RequestFailed(string why)
    {
        if (!world.Options.Faults)
            Violated($"a request failed although nothing was broken: {why}");
    }

    /// <summary>Things that are looked at now and then.</summary>
    public void NowAndThen()
    {
        if (world.Controller.Conductor is not { } conductor)
            return;
        foreach (var zone in conductor.View().Services.SelectMany(s => s.Zones))
        {
            foreach (var deployment in zone.Deployments.Where(d => d.Active && world.Now - d.Created > LongestDeployment))
                Violated($"{deployment.Id} is {deployment.Phase} since {Trace.At(deployment.Since)} and never ends");
            if (zone.Current?.Commit is { } commit && world.Commits[commit] is { NeverReady: true } behaviour)
                Violated($"release {zone.Current.Number}, which can never be healthy ({behaviour.Kind}), is called current");
        }
    }

    /// <summary>After a time without faults everything that can be well is well.</summary>
    public void AtTheEnd(int mostInstances)
    {
        if (world.Controller.Conductor is not { } conductor)
        {
            Violated("the controller is dead at the end");
            return;
        }

        MemoryIsTheStore(conductor, "at the end");
        NowAndThen();
        var view = conductor.View();
        var zone = view.Services[0].Zones[0];
        if (view.FrozenSince is not null)
            Violated("the controller still doubts itself, though everybody reports");
        foreach (var server in view.Servers.Where(s => s.Health.State != ServerState.Alive))
            Violated($"{server.Server.Name} is {server.Health.State} at the end");
        if (zone.Active is { } active)
            Violated($"{active.Id} is still {active.Phase} at the end");
        if (InstancesStarted > mostInstances)
            Violated($"{InstancesStarted} instances were started; {mostInstances} would have been a lot");
        if (zone.Current?.Commit is not { } commit || !world.Commits[commit].IsGood)
            return;
        if (zone.Ready < zone.Wanted && zone.Lacks is null)
            Violated($"{zone.Ready} of {zone.Wanted} instances are ready at the end, and nobody says why");
        if (zone.Instances.Length > zone.Wanted && view.Servers.All(s => s.Health.Settled(world.Now)))
            Violated($"{zone.Instances.Length} instances are left at the end, {zone.Wanted} are wanted");
        foreach (var instance in zone.Instances.Where(i => i.Release != zone.Current.Number))
            Violated($"{instance.Instance.Id} runs release {instance.Release} at the end, not {zone.Current.Number}");
        if (world.Clients.LastFailure is { } last && world.Now - last < TimeSpan.FromSeconds(60))
            Violated($"requests still fail at the end, last at {Trace.At(last)}");
    }

    /// <summary>No two releases fight: of one service in one zone, at most one deployment moves instances.</summary>
    private void OneAtATime(Conductor conductor)
    {
        var moving = conductor.View().Services.SelectMany(s => s.Zones).SelectMany(z => z.Deployments).Where(d => d is { Active: true, Phase: not DeploymentPhase.Resolving }).ToList();
        if (moving.Count > 1)
            Violated($"two deployments at once: {string.Join(" and ", moving.Select(d => $"{d.Id} ({d.Phase})"))}");
    }

    /// <summary>As far as the controller knows, its own acts leave as many ready as there were, or as many as are wanted.</summary>
    private void NeverFewerByOurOwnDoing(Conductor conductor, Outcome outcome)
    {
        var view = conductor.View();
        if (view.Services.IsEmpty)
            return;
        var zone = view.Services[0].Zones[0];
        var alive = view.Servers.Where(s => s.Health.State == ServerState.Alive).Select(s => s.Server.Name).ToHashSet(StringComparer.Ordinal);
        var leaves = new List<string>();
        foreach (var instance in zone.Instances)
        {
            if (instance.Instance.Wanted == Wanted.Run || instance.Status?.Phase != InstancePhase.Ready || !alive.Contains(instance.Server))
                continue;
            var before = world.Store.Documents.TryGetValue($"instance/{instance.Instance.Id}", out var json)
                ? JsonSerializer.Deserialize(json.Span, ModelJson.Default.Instance)
                : null;
            if (before?.Wanted == Wanted.Run)
                leaves.Add(instance.Instance.Id);
        }

        var left = zone.Instances.Count(i => i.Instance.Wanted == Wanted.Run && i.Status?.Phase == InstancePhase.Ready && alive.Contains(i.Server));
        if (leaves.Count == 0 || left >= zone.Wanted)
            return;
        var excused = zone.Declared.Spec.Ports.Any(p => p.Number != 0) || outcome.Effects.OfType<ClusterEffect.Tell>().Any(t => t.Note.Text.Contains("stops before its successor", StringComparison.Ordinal));
        if (!excused)
            Violated($"{string.Join(", ", leaves)} must leave although only {left} of {zone.Wanted} others are ready");
    }

    public void Violated(string what)
    {
        violations.Add($"{Trace.At(world.Now)} {what}");
        world.Trace.Say("VIOLATION", $"{what}");
    }
}
