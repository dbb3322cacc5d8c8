using System.Net.Sockets;

namespace OpenCluster.LoadBalancer.Sockets;

internal static class SocketErrors
{
    /// <summary>What happened to a connection, for a person.</summary>
    public static string InWords(this SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "connection refused: nobody listens there",
        SocketError.ConnectionReset or SocketError.Shutdown => "connection reset",
        SocketError.TimedOut => "connection timed out",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown or SocketError.HostDown => "host unreachable",
        SocketError.OperationAborted => "connection closed by us",
        SocketError.TooManyOpenSockets => "too many open files",
        _ => error.ToString(),
    };
}
