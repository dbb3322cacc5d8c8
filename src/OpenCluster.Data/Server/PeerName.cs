using System.Buffers.Binary;
using System.Net;

namespace OpenCluster.Data.Server;

/// <summary>A socket address of the kernel as text.</summary>
internal static class PeerName
{
    private const int Ip4 = 2;
    private const int Ip6 = 10;

    public static string Of(ReadOnlySpan<byte> address)
    {
        if (address.Length < 8) return "";
        var port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return BitConverter.ToUInt16(address) switch
        {
            Ip4 => new IPEndPoint(new IPAddress(address.Slice(4, 4)), port).ToString(),
            Ip6 when address.Length >= 24 => new IPEndPoint(Plain(new IPAddress(address.Slice(8, 16))), port).ToString(),
            _ => "",
        };
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
