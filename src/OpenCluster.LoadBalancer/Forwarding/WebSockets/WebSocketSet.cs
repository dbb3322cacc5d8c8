using System.Collections.Concurrent;

namespace OpenCluster.LoadBalancer.Forwarding.WebSockets;

/// <summary>The WebSockets that pass through now, to be told when this process ends. Bounded by the connections there may be.</summary>
internal sealed class WebSocketSet
{
    private readonly ConcurrentDictionary<WebSocketSide, byte> _sides = new();

    public bool IsEmpty => _sides.IsEmpty;

    public void Add(WebSocketSide side) => _sides.TryAdd(side, 0);

    public void Remove(WebSocketSide side) => _sides.TryRemove(side, out _);

    /// <summary>Tells both sides of each that this end goes away.</summary>
    public Task LeaveAsync() => Task.WhenAll(_sides.Keys.Select(side => side.LeaveAsync()));
}
