using System.Net;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Rules;

/// <summary>Addresses belong to one server, and one server runs the controller.</summary>
internal static class ServerRules
{
    public static IEnumerable<Finding> Check(Cluster cluster)
    {
        if (cluster.Servers.IsEmpty)
        {
            yield return new Finding("servers", "there is no server", "Add one under \"servers\": web1: {address: 192.0.2.10}");
            yield break;
        }

        var owners = new Dictionary<IPAddress, string>();
        foreach (var server in cluster.Servers)
        {
            if (server.Address is not null && IPAddress.TryParse(server.Address, out var address) && !owners.TryAdd(address, server.Name))
                yield return new Finding($"servers.{server.Name}.address", $"server \"{owners[address]}\" has the address {server.Address} as well", "Each server has an address of its own");
        }

        List<Server> controllers = [.. cluster.Servers.Where(s => s.Controller)];
        if (controllers.Count == 0)
            yield return new Finding("servers", "no server runs the controller", $"Add \"controller: true\" to one, best to one that carries no traffic");
        foreach (var second in controllers.Skip(1))
            yield return new Finding($"servers.{second.Name}.controller", $"server \"{controllers[0].Name}\" runs the controller as well", "Keep it on one server");
    }
}
