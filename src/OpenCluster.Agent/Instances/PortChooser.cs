using System.Collections.Immutable;
using System.Net;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Agent.Instances;

/// <summary>
/// Gives instances their ports: fixed ones as the owner says, the others from the agent's own range, free on the instance's address, and
/// the same again after a restart when they still are.
/// </summary>
internal sealed class PortChooser(PortRange range)
{
    private readonly Dictionary<int, string> _given = [];
    private int _next = range.First;

    /// <summary>Remembers what an instance found after an agent restart has.</summary>
    public void Remember(string instance, IEnumerable<int> ports)
    {
        foreach (var port in ports) _given[port] = instance;
    }

    public void Forget(string instance)
    {
        foreach (var port in _given.Where(g => g.Value == instance).Select(g => g.Key).ToList()) _given.Remove(port);
    }

    /// <exception cref="AgentException">A fixed port is taken (the message names by whom), or the range is used up.</exception>
    public ImmutableSortedDictionary<string, int> Choose(
        string instance, string address, ImmutableArray<Port> wanted, ImmutableSortedDictionary<string, int> before)
    {
        if (!IPAddress.TryParse(address, out var ip))
            throw new AgentException("bad-address", $"\"{address}\" is not an IP address; the server's address must be one");
        var chosen = ImmutableSortedDictionary.CreateBuilder<string, int>();
        Forget(instance);
        foreach (var port in wanted)
        {
            var number = port.Number is not 0 ? Fixed(port, ip)
                : before.TryGetValue(port.Name, out var old) && Free(old, ip, port.Protocol) ? old
                : Any(ip, port.Protocol);
            chosen[port.Name] = number;
            _given[number] = instance;
        }
        return chosen.ToImmutable();
    }

    /// <summary>The port that becomes PORT: the one named http, else the first.</summary>
    public static Port? Main(ImmutableArray<Port> ports) => ports.FirstOrDefault(p => p.Name == "http") ?? ports.FirstOrDefault();

    private static int Fixed(Port port, IPAddress ip) =>
        Listeners.InTheWay(ip, port.Number, port.Protocol) is { } inode
            ? throw new AgentException("port-taken",
                $"port {port.Number} ({port.Name}) on {ip} is held by {Listeners.Holder(inode)}; stop that, or give the service another port or none, so that the agent chooses")
            : port.Number;

    private int Any(IPAddress ip, PortProtocol protocol)
    {
        var size = range.Last - range.First + 1;
        for (var tries = 0; tries < size; tries++)
        {
            var port = _next;
            _next = _next == range.Last ? range.First : _next + 1;
            if (Free(port, ip, protocol)) return port;
        }
        throw new AgentException("no-free-port", $"all ports from {range.First} to {range.Last} are taken; give the agent a larger range");
    }

    private bool Free(int port, IPAddress ip, PortProtocol protocol) =>
        !_given.ContainsKey(port) && Listeners.InTheWay(ip, port, protocol) is null;
}
