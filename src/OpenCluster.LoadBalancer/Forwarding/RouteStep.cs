using OpenCluster.LoadBalancer.Listening;

namespace OpenCluster.LoadBalancer.Forwarding;

/// <summary>
/// What a route does with a request before a target is chosen: refuse it, redirect it, answer it from files or from the cache. A route has
/// any number, asked in order. One object per route and snapshot, used by many requests at once.
/// </summary>
internal abstract class RouteStep
{
    /// <summary>
    /// Whether the request is answered hereby, in full. If not, nothing was sent; the step may have set <see cref="Exchange.Watcher"/> to
    /// follow what happens next. The request's body is still to be read unless <see cref="Exchange.IsBodyRead"/>, and stays so.
    /// </summary>
    /// <remarks>Must not block, and should complete at once whenever it can: it is on the way of every request of its route.</remarks>
    public abstract ValueTask<bool> TryAnswerAsync(ClientConnection client);
}
