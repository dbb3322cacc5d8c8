using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace OpenCluster.Decisions.Admission;

/// <summary>
/// Addresses and networks, for asking whether one is among them: a binary search over ranges that do not overlap, however many networks
/// there are. IPv4 and IPv6 are kept in one space, an IPv4 address as the mapped one (RFC 4291 §2.5.5.2).
/// </summary>
public sealed class NetworkSet
{
    // Of thousands of routes nearly none names networks: they share this one.
    private static readonly NetworkSet Empty = new([]);

    private readonly UInt128[] _first;
    private readonly UInt128[] _last;

    private NetworkSet(List<(UInt128 First, UInt128 Last)> ranges)
    {
        _first = [.. ranges.Select(r => r.First)];
        _last = [.. ranges.Select(r => r.Last)];
    }

    public bool IsEmpty => _first.Length == 0;

    /// <param name="networks">Each an address or <c>ADDRESS/LENGTH</c>.</param>
    /// <exception cref="FormatException">One is neither.</exception>
    public static NetworkSet Of(ImmutableArray<string> networks)
    {
        if (networks.IsEmpty) return Empty;
        var merged = new List<(UInt128 First, UInt128 Last)>();
        foreach (var range in networks.Select(Range).Order())
        {
            if (merged.Count > 0 && range.First <= merged[^1].Last) merged[^1] = (merged[^1].First, UInt128.Max(merged[^1].Last, range.Last));
            else merged.Add(range);
        }
        return new NetworkSet(merged);
    }

    public bool Contains(IPAddress address)
    {
        if (IsEmpty) return false;
        var number = Number(address);
        int low = 0, high = _first.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_first[middle] <= number) low = middle + 1;
            else high = middle;
        }
        return low > 0 && number <= _last[low - 1];
    }

    private static (UInt128 First, UInt128 Last) Range(string text)
    {
        if (!text.Contains('/')) return (Number(IPAddress.Parse(text)), Number(IPAddress.Parse(text)));
        var network = IPNetwork.Parse(text);
        var bits = network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var first = Number(network.BaseAddress);
        var free = bits - network.PrefixLength;
        return (first, first | (free == 128 ? UInt128.MaxValue : (UInt128.One << free) - 1));
    }

    private static UInt128 Number(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            bytes[10] = bytes[11] = 0xFF;
            address.TryWriteBytes(bytes[12..], out _);
        }
        else
        {
            address.TryWriteBytes(bytes, out _);
        }
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
