using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using OpenCluster.Model.Balancing;

namespace OpenCluster.Decisions.Registrations;

/// <summary>
/// Which addresses an app may have requests sent to. Whoever may register could otherwise make the load-balancer ask, in its own name, what
/// only it can reach: metadata services of clouds, the controller, other people's servers.
/// </summary>
public static class AddressRules
{
    /// <summary>Never by being within a larger network: only when the owner named this very network or a part of it.</summary>
    private static readonly ImmutableArray<IPNetwork> Special =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("224.0.0.0/3"),
        IPNetwork.Parse("::/127"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("ff00::/8"), IPNetwork.Parse("fd00:ec2::254/128"),
    ];

    /// <param name="allowed">Networks the owner named for the route; none: only the address the app asks from.</param>
    /// <param name="from">Where the app asks from.</param>
    /// <param name="self">The balancer's own address. One on loopback has all its cluster there: a laptop.</param>
    public static RegistrationProblem? Refusal(IPAddress address, int port, ImmutableArray<string> allowed, IPAddress from, IPAddress self, BalancerSnapshot snapshot)
    {
        address = Plain(address);
        if (IsOurs(address, port, snapshot))
            return RegistrationProblem.Forbidden("address-not-allowed", $"{address}:{port} is a load-balancer's own.", "Register where the app itself listens.");

        var networks = allowed.Select(Network).ToList();
        var special = Special.FirstOrDefault(s => s.Contains(address));
        if (special != default && !networks.Any(n => n.Contains(address) && n.PrefixLength >= special.PrefixLength))
        {
            // The same loopback address is another machine for every balancer, unless all of them are on this one.
            var isLaptop = IPAddress.IsLoopback(address) && IPAddress.IsLoopback(self) && IPAddress.IsLoopback(from) && networks.Count == 0;
            return isLaptop ? null : RegistrationProblem.Forbidden("address-not-allowed", $"{address} is no address that apps may register.",
                "Register an address that every load-balancer reaches the app at; the owner may name others under \"register-from\" of the route.");
        }
        if (networks.Count == 0 ? address.Equals(Plain(from)) : networks.Any(n => n.Contains(address))) return null;
        return RegistrationProblem.Forbidden("address-not-allowed", $"{address} may not be registered for this route{(networks.Count == 0 ? $": the request comes from {Plain(from)}" : "")}.",
            networks.Count == 0 ? "Leave \"address\" out, or have the owner name your network under \"register-from\" of the route." : $"The owner allows {string.Join(", ", allowed)}.");
    }

    private static bool IsOurs(IPAddress address, int port, BalancerSnapshot snapshot) =>
        snapshot.Listeners.Any(l => l.Port == port && IPAddress.TryParse(l.Address, out var at) && (at.Equals(address) || at.Equals(IPAddress.Any) && snapshot.Peers.Any(p => p.Balancer == snapshot.Balancer && p.Address == address.ToString())))
        || snapshot.Peers.Any(p => (p.Port == port && p.Address == address.ToString()) || p.Registrars.Contains($"{address}:{port}"));

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static IPNetwork Network(string text) => IPNetwork.TryParse(text, out var network)
        ? network
        : new IPNetwork(IPAddress.Parse(text), IPAddress.Parse(text).AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
}
