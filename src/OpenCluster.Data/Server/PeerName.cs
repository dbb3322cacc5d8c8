using System.Net;

namespace OpenCluster.Data.Server;

/// <summary>A client's address as text.</summary>
internal static class PeerName
{
    /// <summary>An IPv4 client of a socket that serves both is called by his own address.</summary>
    public static string Of(IPEndPoint peer) =>
        peer.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(peer.Address.MapToIPv4(), peer.Port).ToString() : peer.ToString();
}
