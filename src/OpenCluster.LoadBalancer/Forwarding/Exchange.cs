using OpenCluster.Decisions.Routing;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Observing.Tracing;
using OpenCluster.LoadBalancer.Routing;

namespace OpenCluster.LoadBalancer.Forwarding;

/// <summary>
/// One request on its way through the stages, and what became of it. One object per client connection, used again for each request. The
/// stages see only this: another front (HTTP/2) fills in the same.
/// </summary>
internal sealed class Exchange
{
    /// <summary>Targets one request may go to: the first, and at most five retries.</summary>
    public const int MaxTries = 6;

    private readonly TargetSlot?[] _tried = new TargetSlot?[MaxTries];
    private RouteGate? _gate;
    private ulong _gateKey;
    private ulong _random = (ulong)Random.Shared.NextInt64() | 1;

    public RequestHead Head { get; } = new();
    public RouteEntry? Route { get; set; }
    /// <summary>The match of the route by which it came.</summary>
    public RouteMatcher? Matcher { get; private set; }
    /// <summary>Bytes of the path, as sent, that the match's prefix took.</summary>
    public int PrefixLength { get; private set; }
    /// <summary>Bytes of the path's start that the target does not see.</summary>
    public int StripLength => Matcher is { ChangesPath: true } ? PrefixLength : 0;
    /// <summary>The last target tried.</summary>
    public TargetSlot? Slot { get; private set; }
    public int Tries { get; private set; }
    public int Waits { get; set; }
    public int Status { get; set; }
    public long BytesIn { get; set; }
    public long BytesOut { get; set; }
    public long StartedStamp { get; set; }
    /// <summary>Why the balancer answered itself, or cut the answer short; null when a target answered.</summary>
    public string? Reason { get; set; }
    /// <summary>The client's connection cannot serve another request.</summary>
    public bool Close { get; set; }
    /// <summary>Nothing of the request's body is left on the client's connection: whoever answers without it set must close.</summary>
    public bool IsBodyRead { get; set; }
    /// <summary>A target's answer went by to its very end.</summary>
    public bool IsAnswerWhole { get; set; }
    /// <summary>Follows this exchange for a step of its route; mostly null.</summary>
    public AnswerWatcher? Watcher { get; set; }
    /// <summary>Lines added to the answer of a target, each with its CRLF; mostly null.</summary>
    public byte[]? AnswerFields { get; set; }
    /// <summary>The trace it is part of; empty for a request that is not traced.</summary>
    public TraceContext Trace { get; set; }
    /// <summary>Number of this request, unique with overwhelming likelihood; the id its target and the log know it by.</summary>
    public ulong Id { get; private set; }

    public ReadOnlySpan<TargetSlot?> Tried => _tried.AsSpan(0, Tries);

    public void Begin(long stamp)
    {
        Route = null;
        Slot = null;
        Matcher = null;
        PrefixLength = Tries = Waits = Status = 0;
        BytesIn = BytesOut = 0;
        StartedStamp = stamp;
        Reason = null;
        Close = false;
        IsBodyRead = Head.Body == BodyKind.None;
        IsAnswerWhole = false;
        Watcher = null;
        AnswerFields = null;
        Trace = default;
        Id = NextRandom();
    }

    public void Found(in RouteHit<RouteEntry> hit, ReadOnlySpan<byte> path)
    {
        Route = hit.Route;
        Matcher = hit.Matcher;
        PrefixLength = hit.PrefixLength == 0 ? 0 : PathText.EncodedLength(path, hit.PrefixLength);
    }

    /// <summary>A gate has counted it in, and is told when it is over.</summary>
    public void Entered(RouteGate gate, ulong key) => (_gate, _gateKey) = (gate, key);

    public void Leave()
    {
        _gate?.Leave(_gateKey);
        _gate = null;
    }

    public void Try(TargetSlot slot)
    {
        Slot = slot;
        _tried[Tries++] = slot;
    }

    /// <summary>After waiting, targets that failed before may be tried again.</summary>
    public void ForgetTried() => Tries = 0;

    /// <summary>xorshift64*: good enough to spread load and cheap enough for every request.</summary>
    public ulong NextRandom()
    {
        _random ^= _random >> 12;
        _random ^= _random << 25;
        _random ^= _random >> 27;
        return _random * 0x2545F4914F6CDD1D;
    }
}
