using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>A connection a listener accepted, and the protocol spoken on it. Counted, drained and closed with the others in <see cref="ConnectionSet"/>.</summary>
internal abstract class AcceptedConnection : Timed
{
    /// <summary>From the first byte to the end of the connection. Never throws.</summary>
    public abstract Task ServeAsync();

    /// <summary>Ends it at once, whatever is under way. May come at any time from any thread, and more than once.</summary>
    public abstract void Close();
}
