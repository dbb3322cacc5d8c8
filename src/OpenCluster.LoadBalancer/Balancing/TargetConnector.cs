using System.Net;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>How connections to one target are made. Shared by its requests and its checks, so that what is checked is what is used.</summary>
internal abstract class TargetConnector
{
    /// <summary>A connection not yet open: <see cref="Transport.OpenAsync"/> does it, and disposing it meanwhile gives up.</summary>
    public abstract Transport Create();

    /// <summary>The same, shared with no request: that it opens proves that the target can be reached now.</summary>
    /// <param name="preface">Goes before everything else, a TLS handshake included. For whom there is no such thing it is left out.</param>
    public virtual Transport Create(ReadOnlyMemory<byte> preface) => Create();

    /// <summary>There are only so many connections, and each carries a request: a check would stand in line with customers, and its wait say nothing.</summary>
    public virtual bool IsBusy => false;
}

/// <summary>By TCP to an address.</summary>
internal sealed class SocketConnector(IPEndPoint to) : TargetConnector
{
    public override Transport Create() => new SocketTransport(to);

    public override Transport Create(ReadOnlyMemory<byte> preface) => new SocketTransport(to, preface);
}

/// <summary>By UDP, for checks. A connection to a UDP port comes about in any case, so nothing can be said against it.</summary>
internal sealed class DatagramConnector : TargetConnector
{
    public override Transport Create() => new OpenTransport();

    /// <summary>One that is always open; nothing is ever sent on it.</summary>
    private sealed class OpenTransport : Transport
    {
        public override bool HasInput => false;
        public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => throw new NotSupportedException("UDP targets are reached by sessions");
        public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => throw new NotSupportedException("UDP targets are reached by sessions");
        public override void EndSending() { }
        public override void Abort() { }
        public override void Dispose() { }
    }
}
