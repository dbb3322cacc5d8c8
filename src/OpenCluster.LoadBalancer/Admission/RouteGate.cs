using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using OpenCluster.Decisions.Admission;
using OpenCluster.Decisions.Targets;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Admission;

/// <summary>The bounds on a route's load, per client and in all. Outlives snapshots: who is under way stays counted.</summary>
internal sealed class RouteGate(string routeId, ClientTable clients, TimeProvider time)
{
    // Unknown to clients, so that none can choose addresses that meet others' places.
    private static readonly ulong Salt = (ulong)Random.Shared.NextInt64();

    private readonly ulong _route = HashChoice.Hash(routeId) ^ Salt;
    private Bounds _bounds = new(default, 0, default, 0);
    private long _paidAt;
    private int _atOnce;

    private sealed record Bounds(Rate PerClient, int AtOncePerClient, Rate InAll, int AtOnceInAll)
    {
        public bool ForClients => PerClient.IsLimit || AtOncePerClient > 0;
    }

    public bool IsOpen => _bounds is { ForClients: false, InAll.IsLimit: false, AtOnceInAll: 0 };
    public int AtOnce => Volatile.Read(ref _atOnce);

    public void Use(AdmissionRule rule) => Volatile.Write(ref _bounds, new Bounds(
        Rate.Of(rule.PerClient, time.TimestampFrequency), rule.PerClient.AtOnce, Rate.Of(rule.InAll, time.TimestampFrequency), rule.InAll.AtOnce));

    /// <summary>Counts a request in; if it is let in, <see cref="Leave"/> must follow.</summary>
    /// <param name="key">What <see cref="Leave"/> wants.</param>
    public Refusal TryEnter(IPAddress address, long now, out ulong key)
    {
        var bounds = _bounds;
        key = bounds.ForClients ? Key(address) : 0;
        if (key != 0 && clients.TryEnter(key, bounds.PerClient, bounds.AtOncePerClient, now) is var refused and not Refusal.None) return refused;
        var inAll = TryEnterAll(bounds, now);
        if (inAll != Refusal.None && key != 0) clients.Leave(key);
        return inAll;
    }

    public void Leave(ulong key)
    {
        Interlocked.Decrement(ref _atOnce);
        if (key != 0) clients.Leave(key);
    }

    private Refusal TryEnterAll(Bounds bounds, long now)
    {
        if (Interlocked.Increment(ref _atOnce) > bounds.AtOnceInAll && bounds.AtOnceInAll > 0)
        {
            Interlocked.Decrement(ref _atOnce);
            return Refusal.RouteAtOnce;
        }
        if (!bounds.InAll.IsLimit) return Refusal.None;
        while (true)
        {
            var before = Interlocked.Read(ref _paidAt);
            var after = before;
            if (!bounds.InAll.TryTake(ref after, now))
            {
                Interlocked.Decrement(ref _atOnce);
                return Refusal.RouteRate;
            }
            if (Interlocked.CompareExchange(ref _paidAt, after, before) == before) return Refusal.None;
        }
    }

    /// <summary>An IPv4 address, or the /64 of an IPv6 one: a client of IPv6 has all of these to itself.</summary>
    private ulong Key(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], _route);
        if (address.AddressFamily == AddressFamily.InterNetwork) bytes[7] = 4;
        return Math.Max(1, HashChoice.Hash(bytes));
    }
}
