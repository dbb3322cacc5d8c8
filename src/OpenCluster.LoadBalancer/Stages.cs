using OpenCluster.Decisions.Routing;
using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.Forwarding.WebSockets;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Observing;
using OpenCluster.LoadBalancer.Observing.Tracing;
using OpenCluster.LoadBalancer.Relaying;
using OpenCluster.LoadBalancer.Routing;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.LoadBalancer.Tls;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer;

/// <summary>What every connection of a balancer shares: the routing table of the moment, the clock, and where requests are counted and logged.</summary>
internal sealed class Stages(TimeKeeper keeper, AccessLog? log, CancellationToken stopped)
{
    private RouteTable<RouteEntry> _table = RouteTable<RouteEntry>.Empty;
    private Dictionary<string, RouteEntry> _routes = [];
    private StreamRoutes _streams = StreamRoutes.Empty;
    private long _requests;
    private long _failed;
    private readonly long[] _refused = new long[Enum.GetValues<HeadError>().Length];
    private volatile bool _draining;
    private volatile Tracer? _tracer;

    public TimeKeeper Keeper { get; } = keeper;
    public TimeProvider Time => Keeper.Time;
    public DateField Date { get; } = new(keeper);
    public ConnectionSet Connections { get; } = new();
    public AccessLog? Log { get; } = log;
    public WebSocketSet WebSockets { get; } = new();

    /// <summary>Null while no request is traced.</summary>
    public Tracer? Tracer => _tracer;

    /// <summary>Certificates and authorities, from files.</summary>
    public TlsStore Tls { get; } = new(keeper.Time);
    public GreetingGate Greetings { get; } = new();
    public ListenerCounterBook ListenerCounters { get; } = new();

    /// <summary>The routes of connections and datagrams at the moment.</summary>
    public StreamRoutes Streams => Volatile.Read(ref _streams);
    public CancellationToken Stopped { get; } = stopped;
    public RouteTable<RouteEntry> Table => Volatile.Read(ref _table);
    public IReadOnlyDictionary<string, RouteEntry> Routes => Volatile.Read(ref _routes);
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Requests answered with an error of the balancer's own, because no target gave an answer.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>No connection serves more than the request it is at.</summary>
    public bool IsDraining => _draining;

    /// <summary>From the next request on, these are the routes. Requests in flight end by the old ones.</summary>
    public void Use(RouteTable<RouteEntry> table, StreamRoutes streams, Dictionary<string, RouteEntry> routes)
    {
        Volatile.Write(ref _streams, streams);
        Volatile.Write(ref _routes, routes);
        Volatile.Write(ref _table, table);
    }

    /// <summary>Serves a connection of a listener at which the balancer itself is spoken to.</summary>
    public Func<Transport, ClientFacts, AcceptedConnection> BeginOwn { get; set; } = static (_, _) => throw new InvalidOperationException("this balancer takes no registrations");

    public void Drain() => _draining = true;

    /// <summary>The pool that serves a route now; its old one when the route is gone.</summary>
    public TargetPool PoolOf(RouteEntry route) => Routes.TryGetValue(route.Id, out var now) ? now.Pool : route.Pool;

    public long RefusedFor(HeadError error) => Interlocked.Read(ref _refused[(int)error]);

    public void CountRefused(HeadError error) => Interlocked.Increment(ref _refused[(int)error]);

    public void CountFailed() => Interlocked.Increment(ref _failed);

    /// <summary>A request is over: count and log it.</summary>
    public void Observe(ClientConnection client)
    {
        var exchange = client.Exchange;
        var microseconds = (long)(Time.GetElapsedTime(exchange.StartedStamp).Ticks / 10);
        Interlocked.Increment(ref _requests);
        exchange.Route?.Counters.Count(exchange.Status, exchange.BytesOut, microseconds);
        Log?.Write(client, microseconds);
        Tracer?.End(client, microseconds);
    }

    /// <summary>From the next request on it is logged and traced so. What was traced before is still told.</summary>
    public void UseLogAndTraces(BalancerSnapshot snapshot)
    {
        if (Log is not null) Log.Format = snapshot.AccessLog;
        if (_tracer?.Rule == snapshot.Traces) return;
        var before = _tracer;
        _tracer = snapshot.Traces is { } rule ? new Tracer(rule, snapshot.Balancer, Keeper) : null;
        if (before is not null) _ = before.DisposeAsync().AsTask();
    }
}
