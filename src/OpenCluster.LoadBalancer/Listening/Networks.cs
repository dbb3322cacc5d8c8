using System.Net;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>A set of addresses and networks in CIDR form. Immutable.</summary>
internal sealed class Networks(IEnumerable<string> texts)
{
    private readonly IPNetwork[] _networks = [.. texts.Select(Parse)];

    public bool IsEmpty => _networks.Length == 0;

    public bool Contains(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        foreach (var network in _networks)
            if (network.Contains(address)) return true;
        return false;
    }

    /// <summary>Whether a text is one.</summary>
    public static bool IsNetwork(string text) => IPNetwork.TryParse(text, out _) || IPAddress.TryParse(text, out _);

    private static IPNetwork Parse(string text) =>
        IPNetwork.TryParse(text, out var network) ? network : One(IPAddress.Parse(text));

    private static IPNetwork One(IPAddress address) => new(address, address.GetAddressBytes().Length * 8);
}
