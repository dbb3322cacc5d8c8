using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>How many connections each client has open at a listener: an IPv4 address, or the /64 of IPv6. Remembers those alone that have one, so it is no larger than they are many.</summary>
internal sealed class ClientConnectionCounts
{
    private readonly ConcurrentDictionary<UInt128, int> _open = new();

    /// <summary>Clients that have a connection open.</summary>
    public int Clients => _open.Count;

    /// <summary>Counts one more, unless there are as many as may be; then <see cref="Leave"/> must follow at its end.</summary>
    public bool TryEnter(IPAddress client, int most)
    {
        var key = KeyOf(client);
        while (true)
        {
            if (!_open.TryGetValue(key, out var count))
            {
                if (_open.TryAdd(key, 1)) return true;
            }
            else if (count >= most)
            {
                return false;
            }
            else if (_open.TryUpdate(key, count + 1, count))
            {
                return true;
            }
        }
    }

    public void Leave(IPAddress client)
    {
        var key = KeyOf(client);
        while (_open.TryGetValue(key, out var count))
        {
            if (count == 1 ? _open.TryRemove(new(key, 1)) : _open.TryUpdate(key, count - 1, count)) return;
        }
    }

    private static UInt128 KeyOf(IPAddress client)
    {
        if (client.IsIPv4MappedToIPv6) client = client.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        client.TryWriteBytes(bytes, out _);
        if (client.AddressFamily == AddressFamily.InterNetworkV6) bytes[8..].Clear();
        else bytes[15] = 4; // no /64 ends so
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
