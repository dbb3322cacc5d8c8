using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace OpenCluster.Sockets;

/// <summary>The other end's address as the kernel writes it: struct sockaddr_in or sockaddr_in6 (ip(7), ipv6(7)).</summary>
public static class PeerAddress
{
    /// <summary>Room for either.</summary>
    public const int Bytes = 28;

    private const ushort InternetFamily = 2;

    public static IPEndPoint Read(ReadOnlySpan<byte> address)
    {
        var port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return MemoryMarshal.Read<ushort>(address) == InternetFamily
            ? new IPEndPoint(new IPAddress(address.Slice(4, 4)), port)
            : new IPEndPoint(new IPAddress(address.Slice(8, 16), MemoryMarshal.Read<uint>(address[24..])), port);
    }
}
