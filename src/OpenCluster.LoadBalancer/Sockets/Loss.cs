using System.Net.Sockets;

namespace OpenCluster.LoadBalancer.Sockets;

/// <summary>The ways in which a connection is lost, which are ordinary and not errors of ours.</summary>
internal static class Loss
{
    public static bool Is(Exception failure) => failure is SocketException or ObjectDisposedException or IOException;

    /// <summary>What happened to a connection, for a person.</summary>
    public static string InWords(this Exception loss) => loss switch
    {
        SocketException error => error.SocketErrorCode.InWords(),
        ObjectDisposedException => "connection closed by us",
        _ => loss.Message,
    };

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
