using System.Collections.Immutable;
using System.Threading.Channels;
using OpenCluster.Decisions.Admission;
using OpenCluster.Decisions.Routing;
using OpenCluster.Decisions.Targets;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.Caching;
using OpenCluster.LoadBalancer.Configuration;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Observing;
using OpenCluster.LoadBalancer.Relaying;
using OpenCluster.LoadBalancer.Routing;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.LoadBalancer.Web;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer;

/// <summary>
/// A balancer as one thing that serves the snapshot it is given: the stages, the targets and the listeners. Knows neither disk nor controller.
/// Its life: new → <see cref="Apply"/> any number of times → <see cref="DrainAsync"/> → disposed.
/// </summary>
internal sealed class Balancer : IAsyncDisposable
{
    private readonly Lock _applyGate = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly TargetRegistry _registry;
    private readonly ListenerSet _listeners;
    private readonly Dictionary<string, RouteMemory> _memories = [];

    /// <summary>By target, so that with ten thousand of each a change does not look at all routes, on a thread that carries connections. Swapped whole.</summary>
    private Dictionary<TargetSlot, List<RouteEntry>> _routesOf = [];
    private readonly ClientTable _clients = new();

    /// <summary>Changes of targets not yet told. Bounded; of a listener that is too slow the oldest are lost, the metrics have the state.</summary>
    private readonly Channel<(TargetSlot Slot, TargetEffect.Changed Change)> _changes = Channel.CreateBounded<(TargetSlot, TargetEffect.Changed)>(
        new BoundedChannelOptions(1000) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });
    private readonly Task _telling;

    public Balancer(AccessLog? log, TimeKeeper keeper)
    {
        Keeper = keeper;
        Stages = new Stages(keeper, log, _stopped.Token);
        _listeners = new ListenerSet(Stages);
        _registry = new TargetRegistry(keeper, Stages.Tls);
        _registry.Changed += OnChanged;
        _telling = Task.Run(TellAsync);
        keeper.Ticked += OnTick;
    }

    public TimeKeeper Keeper { get; }
    public Stages Stages { get; }
    public TargetRegistry Targets => _registry;

    /// <summary>The snapshot it serves; null before the first.</summary>
    public BalancerSnapshot? Snapshot { get; private set; }

    /// <summary>Why a newer snapshot was refused; null when it serves the newest.</summary>
    public string? Refused { get; private set; }

    /// <summary>
    /// Raised when a target starts or stops serving, in order, and never on a thread that carries connections: who listens writes to files.
    /// </summary>
    public event Action<TargetSlot, TargetEffect.Changed>? TargetChanged;

    public ImmutableArray<PortListener> Listeners
    {
        get
        {
            lock (_applyGate) return _listeners.All;
        }
    }

    /// <summary>
    /// Takes a snapshot whole or not at all. Routes change for the next request; listeners that stay are not touched.
    /// </summary>
    /// <param name="listen">False to leave listeners as they are: targets are checked first, see <see cref="Listen"/>.</param>
    /// <returns>Whether it was taken; if not, <see cref="Refused"/> says why and the one before serves on.</returns>
    public bool Apply(BalancerSnapshot snapshot, bool listen = true)
    {
        if (!TryUse(snapshot, listen)) return false;
        Moved?.Invoke();
        return true;
    }

    private bool TryUse(BalancerSnapshot snapshot, bool listen)
    {
        lock (_applyGate)
        {
            var errors = SnapshotCheck.Errors(snapshot);
            if (errors.Count > 0) return Refuse(snapshot, string.Join("; ", errors.Take(10)));
            var unreadable = Stages.Tls.Load(snapshot);
            // At a start there is no earlier snapshot to go on with: then one bad file must not keep everything else from being served.
            if (listen && unreadable.Count > 0) return Refuse(snapshot, string.Join("; ", unreadable.Take(10)));
            IReadOnlyList<PortListener> bound;
            try
            {
                bound = listen ? _listeners.Bind(snapshot.Listeners) : [];
            }
            catch (ListenException refused)
            {
                return Refuse(snapshot, refused.Message);
            }
            Stages.Tls.Use(snapshot);
            Stages.UseLogAndTraces(snapshot);
            UseRoutes(Registered(snapshot));
            if (listen) _listeners.Use(snapshot.Listeners, bound);
            Snapshot = snapshot;
            Refused = null;
            return true;
        }
    }

    /// <summary>What is served of a snapshot: more than it says where apps register.</summary>
    public Func<BalancerSnapshot, BalancerSnapshot> Registered { get; set; } = static snapshot => snapshot;

    /// <summary>What is reported beyond requests and targets.</summary>
    public Func<BalancerReport, BalancerReport> Completed { get; set; } = static report => report;

    /// <summary>Pages of JSON beside the metrics, by path.</summary>
    public Dictionary<string, Func<string>> Pages { get; } = new(StringComparer.Ordinal);

    /// <summary>Writes metrics beyond requests and targets.</summary>
    public Action<System.Text.StringBuilder> MoreMetrics { get; set; } = static _ => { };

    /// <summary>Raised when routes or targets are others than before, also by health. May come on any thread; must be quick.</summary>
    public event Action? Moved;

    /// <summary>Puts the snapshot in use to use again: what <see cref="Registered"/> adds to it has changed.</summary>
    public void Refresh()
    {
        lock (_applyGate)
        {
            if (Snapshot is not null) UseRoutes(Registered(Snapshot));
        }
        Moved?.Invoke();
    }

    /// <summary>Opens what the snapshot in use wants and is not open yet; for a start that checks targets before it accepts.</summary>
    /// <exception cref="ListenException"/>
    public void Listen()
    {
        lock (_applyGate)
        {
            if (Snapshot is not null) _listeners.Use(Snapshot.Listeners, _listeners.Bind(Snapshot.Listeners));
        }
    }

    /// <summary>Goes on with a bound socket of another process, until a snapshot says otherwise.</summary>
    public void Take(System.Net.Sockets.Socket bound)
    {
        lock (_applyGate) _listeners.Take(bound);
    }

    /// <summary>Starts accepting on sockets taken over.</summary>
    public void Start()
    {
        lock (_applyGate) _listeners.Start(Snapshot?.Listeners ?? []);
    }

    /// <summary>Stops accepting: another process has the listeners.</summary>
    public void HandOver()
    {
        lock (_applyGate) _listeners.HandOver();
    }

    private void StopAccepting()
    {
        lock (_applyGate) _listeners.Close();
    }

    /// <summary>Stops accepting, lets every request in flight end, tells clients to go, and returns when all have or the time is over.</summary>
    public async Task DrainAsync(TimeSpan limit)
    {
        Stages.Drain();
        StopAccepting();
        await Stages.Connections.WhenEmpty().WaitAsync(limit, Keeper.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!Stages.WebSockets.IsEmpty)
        {
            await Stages.WebSockets.LeaveAsync().WaitAsync(Limits.Farewell, Keeper.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Stages.Connections.WhenEmpty().WaitAsync(Limits.Farewell, Keeper.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await _stopped.CancelAsync().ConfigureAwait(false);
        Stages.Connections.CloseAll();
    }

    public BalancerReport Report(string instanceId) => Completed(new()
    {
        Balancer = instanceId,
        Revision = Snapshot?.Revision ?? 0,
        Refused = Refused,
        Requests = Stages.Requests,
        Failed = Stages.Failed,
        Warnings = [.. Stages.Tls.Warnings().Take(100)],
        Targets = [.. _registry.Slots.GroupBy(s => s.Key.Id, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(TargetReports.Of)],
    });

    public async ValueTask DisposeAsync()
    {
        Keeper.Ticked -= OnTick;
        await _stopped.CancelAsync().ConfigureAwait(false);
        StopAccepting();
        Stages.Connections.CloseAll();
        await _registry.DisposeAsync().ConfigureAwait(false);
        if (Stages.Tracer is { } tracer) await tracer.DisposeAsync().ConfigureAwait(false);
        await Stages.Tls.DisposeAsync().ConfigureAwait(false);
        _changes.Writer.TryComplete();
        await _telling.ConfigureAwait(false);
    }

    private bool Refuse(BalancerSnapshot snapshot, string why)
    {
        Refused = $"revision {snapshot.Revision}: {why}";
        return false;
    }

    private void UseRoutes(BalancerSnapshot snapshot)
    {
        var used = new HashSet<TargetSlot>();
        var routes = new Dictionary<string, RouteEntry>(StringComparer.Ordinal);
        var routesOf = new Dictionary<TargetSlot, List<RouteEntry>>();
        var datagrams = snapshot.Listeners.Where(l => l.Protocol == ListenerProtocol.Udp).Select(l => l.Name).ToHashSet(StringComparer.Ordinal);
        // Without a listener of ours something in front speaks it, at the usual port.
        var httpsPort = snapshot.Listeners.FirstOrDefault(l => l.Protocol == ListenerProtocol.Https)?.Port ?? 443;
        foreach (var plan in snapshot.Routes)
        {
            if (!_memories.TryGetValue(plan.Id, out var memory)) _memories.Add(plan.Id, memory = new RouteMemory(new RouteGate(plan.Id, _clients, Keeper.Time)));
            memory.Use(plan.Rules);
            memory.Cache?.Purge(plan.Name, snapshot.Purges);
            var path = TargetPath.Of(plan.Rules, plan.Listeners.Any(datagrams.Contains), isRelayed: !plan.Listeners.IsEmpty);
            var targets = plan.Targets.Select(t => new PooledTarget(_registry.Get(t, plan.Check, path), t.Weight, t.Draining, t.Release, t.Incompatible, Nearness.Between(snapshot.Location, t.Location))).ToArray();
            used.UnionWith(targets.Select(t => t.Slot));
            var route = new RouteEntry(plan.Id, plan.Name, plan.Rules, new TargetPool(targets, plan.Rules, memory, Keeper), Steps(plan, memory, httpsPort), memory);
            routes.Add(plan.Id, route);
            foreach (var slot in targets.Select(t => t.Slot).Distinct())
            {
                if (!routesOf.TryGetValue(slot, out var those)) routesOf.Add(slot, those = []);
                those.Add(route);
            }
        }
        foreach (var gone in _memories.Keys.Where(id => !routes.ContainsKey(id)).ToList()) _memories.Remove(gone);

        var table = new RouteTable<RouteEntry>(snapshot.Routes.Where(plan => plan.Listeners.IsEmpty).SelectMany(plan => plan.Matches.Select(match => (match, routes[plan.Id]))));
        Volatile.Write(ref _routesOf, routesOf);
        Stages.Use(table, new StreamRoutes(snapshot.Routes.Select(plan => (plan, routes[plan.Id]))), routes);
        _registry.Keep(used);
        foreach (var slot in Draining(routes.Values)) slot.Idle.CloseAll();
        // A target may have come up between being weighed for the new pool and the pool being in use: then nobody told the new one.
        foreach (var route in routes.Values) route.Pool.Weigh();
    }

    /// <summary>What the plan asks for before a target is chosen. What a step holds in memory outlives the snapshot.</summary>
    private RouteStep[] Steps(RoutePlan plan, RouteMemory memory, int httpsPort)
    {
        var before = Stages.Routes.GetValueOrDefault(plan.Id)?.Steps ?? [];
        var check = new AdmissionCheck(plan.Rules.Admit, plan.Rules.PlainHttp);
        var toHttps = plan.Rules.PlainHttp == PlainHttp.Redirect;
        var steps = new List<RouteStep>();
        if (!check.AsksNothing || !memory.Gate.IsOpen) steps.Add(new AdmissionStep(check, memory.Gate, memory.Counters));
        if (toHttps || plan.Redirect is not null) steps.Add(new RedirectStep(plan.Redirect, toHttps, httpsPort));
        if (memory.Cache is { } cache) steps.Add(new CacheStep(cache, Keeper));
        if (plan.WebRoot is not null) steps.Add(StaticFiles.Below(plan.WebRoot, plan.Web, before.OfType<StaticFiles>().FirstOrDefault()));
        return [.. steps];
    }

    /// <summary>Targets that drain in every route they are in: nothing will use their idle connections.</summary>
    private static IEnumerable<TargetSlot> Draining(IEnumerable<RouteEntry> routes) =>
        routes.SelectMany(r => r.Pool.Targets.ToArray()).GroupBy(t => t.Slot).Where(g => g.All(t => t.Draining)).Select(g => g.Key);

    private void OnChanged(TargetSlot slot, TargetEffect.Changed changed)
    {
        if (Volatile.Read(ref _routesOf).TryGetValue(slot, out var routes)) routes.ForEach(static route => route.Pool.Weigh());
        _changes.Writer.TryWrite((slot, changed));
        Moved?.Invoke();
    }

    private async Task TellAsync()
    {
        await foreach (var (slot, change) in _changes.Reader.ReadAllAsync().ConfigureAwait(false)) TargetChanged?.Invoke(slot, change);
    }

    private void OnTick()
    {
        EventLoop.CountProcessors();
        _registry.Tick();
        foreach (var route in Stages.Routes.Values) route.Pool.Tick();
        foreach (var slot in _registry.Slots) slot.Idle.Trim();
    }
}
