using System.Net;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>How connections to one target are made. Shared by its requests and its checks, so that what is checked is what is used.</summary>
internal abstract class TargetConnector
{
    /// <summary>A connection not yet open: <see cref="Transport.OpenAsync"/> does it, and disposing it meanwhile gives up.</summary>
    public abstract Transport Create();
}

/// <summary>By TCP to an address.</summary>
internal sealed class SocketConnector(IPEndPoint to) : TargetConnector
{
    public override Transport Create() => new SocketTransport(to);
}
