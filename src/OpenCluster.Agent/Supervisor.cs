using System.Collections.Immutable;
using System.Net;
using OpenCluster.Agent.Connection;
using OpenCluster.Agent.Instances;
using OpenCluster.Agent.LocalApi;
using OpenCluster.Decisions.Instances;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent;

/// <summary>
/// All instances of this server: turns assignments into orders for their keepers, and what a person asks on the local socket into events.
/// Owned by the agent's loop.
/// </summary>
internal sealed class Supervisor(InstanceWorld world, AssignmentFile file)
{
    private readonly SortedDictionary<string, InstanceKeeper> _keepers = new(StringComparer.Ordinal);
    private bool _stopping;

    /// <summary>The assignment acted on; null before the first.</summary>
    public Assignment? Assignment { get; private set; }

    public IEnumerable<InstanceKeeper> Keepers => _keepers.Values;

    /// <summary>A controller that this server runs by its own knowledge is up and answers.</summary>
    public bool CoreServes => world.Options.Core is not null && _keepers.GetValueOrDefault(CoreOptions.InstanceId)?.State.Phase is InstancePhase.Ready;

    /// <summary>Everything has been stopped, as was asked.</summary>
    public bool Stopped => _stopping && _keepers.Values.All(k => k.State.AtRest);

    /// <summary>After an agent restart: what runs is adopted, what the last assignment says is carried on.</summary>
    public void Recover()
    {
        Assignment = file.Read();
        var marked = Adoption.Marked(world.Directory.Instances);
        foreach (var path in Directory.EnumerateDirectories(world.Directory.Instances))
            if (InstanceRecord.Read(Path.Combine(path, "instance.json"), world.Log) is { } record)
                _keepers[record.Order.Id] = InstanceKeeper.Recover(world, record, marked);
        world.Loop.Guarded(() => world.SecretFiles.KeepOnly(_keepers.Keys.ToHashSet(StringComparer.Ordinal)));
        if (CoreOrder() is { } core) Obey(core);
        if (Assignment is not null) Act(Assignment);
    }

    /// <summary>A fresh assignment from the controller: refused when older than the one acted on, else kept on disk and carried out.</summary>
    /// <returns>True when it is acted on.</returns>
    public bool Assign(Assignment assignment)
    {
        if (file.Refuse(Assignment, assignment) is { } why)
        {
            world.Log.Warn($"an assignment is refused: {why}");
            return false;
        }
        try
        {
            file.Write(assignment);
            world.Disk(null);
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            // Acting on it matters more than remembering it; the controller will say it again.
            world.Disk($"the agent cannot keep its assignment: {full.Message}");
        }
        if (assignment.Removed && Assignment?.Removed != true) world.Log.Warn("this server has left the cluster: everything is stopped, its data stays");
        Assignment = assignment;
        Act(assignment);
        return true;
    }

    /// <summary>Lets time pass for everybody; answers when it is next wanted.</summary>
    public DateTimeOffset? Wake()
    {
        DateTimeOffset? next = null;
        foreach (var keeper in _keepers.Values)
        {
            // One that fails must not hold up the care for the others.
            if (keeper.State.Wake <= world.Clock.Now) world.Loop.Guarded(() => keeper.Handle(new CareEvent.TimePassed()));
            if (keeper.State.Wake is { } wake && (next is null || wake < next)) next = wake;
        }
        ForgetWithdrawn();
        if (_stopping) StopNext();
        return next;
    }

    /// <summary>Stops everything, from the front: load-balancers, then what they send requests to, then the controller.</summary>
    public void StopAll()
    {
        _stopping = true;
        StopNext();
    }

    public void Restart(string id) => Keeper(id).Handle(new CareEvent.RestartAsked(HandOver: true));

    public void Hold(string id, bool held) => Keeper(id).Handle(new CareEvent.HoldAsked(held));

    /// <exception cref="AgentException">There is none.</exception>
    public InstanceKeeper Keeper(string id) =>
        _keepers.GetValueOrDefault(id) ?? throw new AgentException("no-such-instance",
            $"there is no instance {id} on this server; there are: {(_keepers.Count is 0 ? "none" : string.Join(", ", _keepers.Keys))}");

    /// <summary>The keeper of an instance; null when there is none.</summary>
    public InstanceKeeper? Find(string id) => _keepers.GetValueOrDefault(id);

    private void Act(Assignment assignment)
    {
        world.Sets.Assign(assignment.ServerId, assignment.Removed ? [] : assignment.Sets);
        var orders = Orders(assignment).ToDictionary(o => o.Id);
        foreach (var keeper in _keepers.Values)
            if (!orders.ContainsKey(keeper.Id) && !IsCore(keeper.Id))
                world.Loop.Guarded(() => keeper.Handle(new CareEvent.Ordered(Wanted.Stop)));
        if (!assignment.Removed) WantReleases(assignment, orders.Values);
        foreach (var order in orders.Values) world.Loop.Guarded(() => Obey(order));
        ForgetWithdrawn();
        _ = world.Loop.Beside(() => world.Releases.DeleteOthersAsync(world.Ending));
    }

    private void Obey(InstanceOrder order)
    {
        if (_stopping) return;
        if (_keepers.TryGetValue(order.Id, out var keeper))
        {
            keeper.Obey(order);
            return;
        }
        if (order.Wanted is Wanted.Stop or Wanted.Drain) return;
        _keepers[order.Id] = keeper = new InstanceKeeper(world, order);
        keeper.Handle(new CareEvent.Ordered(order.Wanted));
    }

    private IEnumerable<InstanceOrder> Orders(Assignment assignment)
    {
        if (assignment.Removed) return [];
        return assignment.Instances
            .Where(o => !IsCore(o.Id))
            .Select(o => o.Address.Length is 0 ? o with { Address = world.Options.Address } : o)
            .Concat(assignment.Scripts.Select(Script));
    }

    // This server runs it by its own knowledge; the controller's order for itself says nothing new.
    private bool IsCore(string id) => world.Options.Core is not null && id == CoreOptions.InstanceId;

    private InstanceOrder Script(ScriptOrder script) => new()
    {
        Id = script.InstanceId,
        // A script's user is its service's, and its service is known here by its release alone.
        ServiceId = script.Service,
        Service = script.Service,
        Zone = script.Zone,
        Location = script.Location,
        Address = world.Options.Address,
        Release = script.Release,
        Spec = script.Spec with { Kind = RunKind.Script, Check = null },
        Secrets = script.Secrets,
    };

    private InstanceOrder? CoreOrder() => world.Options.Core is not { } core ? null : new InstanceOrder
    {
        Id = CoreOptions.InstanceId,
        ServiceId = "controller",
        Service = "controller",
        Zone = "default",
        Location = "default",
        Address = IPAddress.TryParse(core.Url.Host, out var ip) ? ip.ToString() : world.Options.Address,
        Spec = new ServiceSpec
        {
            Kind = RunKind.Controller,
            Ports = [new Port("http", Number: core.Url.Port)],
            Restart = new RestartRule { Most = TimeSpan.FromSeconds(5) },
        },
    };

    // What has stopped and is not ordered any more is forgotten; what failed or stopped by order stays to be seen.
    private void ForgetWithdrawn()
    {
        if (Assignment is null) return;
        var ordered = Orders(Assignment).Select(o => o.Id).ToHashSet();
        foreach (var keeper in _keepers.Values.Where(k => k.State.AtRest && !ordered.Contains(k.Id) && !IsCore(k.Id)).ToList())
        {
            _keepers.Remove(keeper.Id);
            world.Loop.Guarded(keeper.Forget);
            world.Changed();
        }
    }

    // What is still running is wanted too, ordered or not.
    private void WantReleases(Assignment assignment, IEnumerable<InstanceOrder> orders) =>
        world.Releases.Want(orders.Concat(_keepers.Values.Select(k => k.Order)).Select(o => o.Release?.Id).OfType<string>()
            .Concat(assignment.KeepReleases).ToHashSet());

    private void StopNext()
    {
        foreach (var rank in _keepers.Values.GroupBy(k => Rank(k.Order.Spec.Kind)).OrderBy(g => g.Key))
        {
            foreach (var keeper in rank) keeper.Handle(new CareEvent.Ordered(Wanted.Stop));
            if (rank.Any(k => !k.State.AtRest)) return;
        }
    }

    private static int Rank(RunKind kind) => kind switch { RunKind.LoadBalancer => 0, RunKind.Controller => 2, _ => 1 };

    public ImmutableArray<InstanceStatus> Statuses() => [.. _keepers.Values.Select(k => k.Status())];

    public LocalAnswer Local(LocalRequest request)
    {
        switch (request.Verb)
        {
            case LocalVerb.Restart: Restart(request.Instance ?? ""); break;
            case LocalVerb.Hold: Hold(request.Instance ?? "", true); break;
            case LocalVerb.Release: Hold(request.Instance ?? "", false); break;
        }
        return new LocalAnswer { Instances = Statuses() };
    }
}
