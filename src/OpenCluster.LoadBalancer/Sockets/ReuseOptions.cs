using System.Net.Sockets;

namespace OpenCluster.LoadBalancer.Sockets;

/// <summary>
/// SO_REUSEADDR and SO_REUSEPORT as the kernel means them. .NET's ReuseAddress sets both, and with SO_REUSEPORT two processes quietly share a
/// port instead of the second one being told that it is taken.
/// </summary>
internal static class ReuseOptions
{
    private const int SolSocket = 1;
    private const int SoReuseAddress = 2;
    private const int SoReusePort = 15;

    /// <summary>Listen though connections of an earlier process linger in TIME_WAIT.</summary>
    public static void ReuseAddress(this Socket socket) => socket.SetRawSocketOption(SolSocket, SoReuseAddress, BitConverter.GetBytes(1));

    /// <summary>Share the address with another process of the same user that asks for the same.</summary>
    public static void ReusePort(this Socket socket) => socket.SetRawSocketOption(SolSocket, SoReusePort, BitConverter.GetBytes(1));
}
