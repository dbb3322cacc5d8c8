using System.Net;
using OpenCluster.Decisions.Targets;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>What identifies a target across snapshots: its health and connections outlive a change of everything else.</summary>
internal readonly record struct TargetKey(string Id, string Address, int Port, TargetPath Path)
{
    public static TargetKey Of(Target target, TargetPath path) => new(target.Id, target.Address, target.Port, path);
}

/// <summary>How a route reaches its targets. A target that two routes reach in different ways is two here: each way has its own health.</summary>
/// <param name="IsOpaque">What is spoken within its TLS is not known: the route is of connections.</param>
internal readonly record struct TargetPath(TargetTls? Tls, ProxyProtocol Proxy, bool IsUdp, bool IsHttp2, bool IsOpaque)
{
    public static TargetPath Of(RouteRules rules, bool isUdp, bool isRelayed) =>
        new(rules.Tls, rules.ProxyProtocol, isUdp, rules.Speak == TargetHttp.Http2, isRelayed && rules.Tls is not null);

    /// <summary>What a check says before anything else where the PROXY protocol is spoken: that it comes from the proxy itself.</summary>
    public ReadOnlyMemory<byte> CheckPreface => Proxy == ProxyProtocol.None ? default : ProxyHeader.OwnCheck(Proxy == ProxyProtocol.V2);
}

/// <summary>One target as this process knows it: its health machine, counters, and idle connections. Shared by the routes that use it.</summary>
internal sealed class TargetSlot(TargetKey key, TargetConnector connector, IPEndPoint endPoint, TimeKeeper keeper)
{
    private readonly Lock _healthGate = new();
    private TargetHealth _health = TargetHealth.Unseen;
    private TargetRules _rules = TargetRules.Default;
    private int _inFlight;
    private long _requests;
    private long _failed;

    public TargetKey Key { get; } = key;
    public TargetConnector Connector { get; } = connector;
    /// <summary>Where it is, for people; how it is reached is up to <see cref="Connector"/>.</summary>
    public IPEndPoint EndPoint { get; } = endPoint;
    public IdleConnections Idle { get; } = new();
    public TargetHealth Health => Volatile.Read(ref _health);
    /// <summary>A number that stands for the target in hashes and cookies: the same on every balancer, and it does not give the target away.</summary>
    public ulong Seed { get; } = HashChoice.Hash(key.Id);
    public int InFlight => Volatile.Read(ref _inFlight);
    public long Requests => Interlocked.Read(ref _requests);
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Raised outside any lock when it starts or stops serving.</summary>
    public event Action<TargetSlot, TargetEffect.Changed>? Changed;

    /// <summary>Raised when a check should not wait for its turn.</summary>
    public event Action? CheckWanted;

    public void Use(TargetRules rules)
    {
        lock (_healthGate) _rules = rules;
    }

    public void Tell(TargetEvent happened)
    {
        System.Collections.Immutable.ImmutableArray<TargetEffect> effects;
        lock (_healthGate)
        {
            var decision = _health.Handle(happened, _rules, keeper.Now);
            Volatile.Write(ref _health, decision.State);
            effects = decision.Effects;
        }

        foreach (var effect in effects)
        {
            switch (effect)
            {
                case TargetEffect.Changed changed:
                    if (changed.To is TargetState.Down) Idle.CloseAll();
                    Changed?.Invoke(this, changed);
                    break;
                case TargetEffect.CheckNow:
                    CheckWanted?.Invoke();
                    break;
            }
        }
    }

    /// <summary>Somebody found something else than we know: see for ourselves, now.</summary>
    public void WantCheck() => CheckWanted?.Invoke();

    /// <summary>Counts a request in, unless there are <paramref name="most"/> at it already; 0 for no limit.</summary>
    public bool TryBegin(int most)
    {
        if (Interlocked.Increment(ref _inFlight) > most && most > 0)
        {
            Interlocked.Decrement(ref _inFlight);
            return false;
        }
        Interlocked.Increment(ref _requests);
        return true;
    }

    public void End() => Interlocked.Decrement(ref _inFlight);

    /// <summary>A request was answered well. Free while there is nothing to forgive.</summary>
    public void Passed()
    {
        if (Health.FailuresInRow > 0) Tell(TargetEvent.RequestPassed.Instance);
    }

    /// <summary>Counts a failed request; whether the target is to blame is told apart, see <see cref="Blame"/>.</summary>
    public void CountFailed() => Interlocked.Increment(ref _failed);

    public void Blame(string reason, bool refused = false) => Tell(new TargetEvent.RequestFailed(reason, refused));
}
