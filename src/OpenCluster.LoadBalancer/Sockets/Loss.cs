using System.Net.Sockets;
using System.Security.Authentication;
using OpenCluster.Sockets;

namespace OpenCluster.LoadBalancer.Sockets;

/// <summary>The ways in which a connection is lost, which are ordinary and not errors of ours.</summary>
internal static class Loss
{
    public static bool Is(Exception failure) => failure is SocketException or ObjectDisposedException or IOException or AuthenticationException;

    /// <summary>The failure with that error number of the kernel, negative as <see cref="Kernel"/> gives it.</summary>
    public static SocketException Of(int error) => new((int)(-error switch
    {
        32 => SocketError.Shutdown,
        104 => SocketError.ConnectionReset,
        111 => SocketError.ConnectionRefused,
        110 => SocketError.TimedOut,
        113 => SocketError.HostUnreachable,
        101 => SocketError.NetworkUnreachable,
        100 => SocketError.NetworkDown,
        112 => SocketError.HostDown,
        103 => SocketError.ConnectionAborted,
        23 or 24 => SocketError.TooManyOpenSockets,
        12 or 105 => SocketError.NoBufferSpaceAvailable,
        98 => SocketError.AddressAlreadyInUse,
        99 => SocketError.AddressNotAvailable,
        1 or 13 => SocketError.AccessDenied,
        97 => SocketError.AddressFamilyNotSupported,
        22 => SocketError.InvalidArgument,
        _ => SocketError.SocketError,
    }));

    /// <summary>It is this machine that has no more to give: file descriptors, ports, memory for sockets. The other side is not to blame.</summary>
    public static bool IsOurs(Exception loss) =>
        loss is SocketException { SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable or SocketError.AddressNotAvailable or SocketError.AddressAlreadyInUse };

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
        SocketError.TooManyOpenSockets => "too many open files here",
        SocketError.NoBufferSpaceAvailable => "no memory for sockets here",
        SocketError.AddressNotAvailable or SocketError.AddressAlreadyInUse => "no free port here to connect from",
        _ => error.ToString(),
    };
}
