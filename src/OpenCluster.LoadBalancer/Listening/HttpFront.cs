using System.Net.Security;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>Which HTTP is spoken on a connection, and by what.</summary>
internal static class HttpFront
{
    /// <summary>Offered to clients by ALPN (RFC 7301), the preferred first.</summary>
    public static IReadOnlyList<SslApplicationProtocol> Protocols { get; } = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];

    /// <param name="agreed">By ALPN; empty when the client named none.</param>
    public static AcceptedConnection Begin(SslApplicationProtocol agreed, Transport transport, ClientFacts facts, Stages stages) =>
        agreed == SslApplicationProtocol.Http2 ? new Http2ClientConnection(transport, default, facts, stages) : new ClientConnection(transport, facts, stages);
}
