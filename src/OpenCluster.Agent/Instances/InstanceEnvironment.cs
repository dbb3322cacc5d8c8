using System.Collections.Immutable;
using System.Globalization;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Instances;

/// <summary>What an app is told by its environment. Nothing of the agent's own is inherited.</summary>
internal static class InstanceEnvironment
{
    private const string SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public static Dictionary<string, string> For(
        InstanceOrder order, ImmutableSortedDictionary<string, int> ports, AgentOptions agent, string home, string tokenFile, string socket)
    {
        var spec = order.Spec;
        var all = Basics(home);
        // The owner's come first: what the product says about itself cannot be talked over.
        foreach (var (name, value) in spec.Environment) all[name] = value;
        all["HOST"] = order.Address;
        var main = PortChooser.Main(spec.Ports);
        foreach (var (name, number) in ports)
        {
            var text = number.ToString(CultureInfo.InvariantCulture);
            if (name == main?.Name) all["PORT"] = text;
            else all["PORT_" + Variable(name)] = text;
        }
        all["OPENCLUSTER_SERVICE"] = order.Service;
        all["OPENCLUSTER_INSTANCE"] = order.Id;
        if (order.Release is { } release) all["OPENCLUSTER_RELEASE"] = release.Number.ToString(CultureInfo.InvariantCulture);
        all["OPENCLUSTER_SERVER"] = agent.ServerName;
        all["OPENCLUSTER_ZONE"] = order.Zone;
        all["OPENCLUSTER_LOCATION"] = order.Location;
        all["OPENCLUSTER_AGENT"] = "unix://" + socket;
        all["OPENCLUSTER_TOKEN_FILE"] = tokenFile;
        if (!order.Registrars.IsEmpty) all["OPENCLUSTER_REGISTRARS"] = string.Join(',', order.Registrars);
        return all;
    }

    /// <summary>What every program expects to find.</summary>
    public static Dictionary<string, string> Basics(string home) => new(StringComparer.Ordinal)
    {
        ["PATH"] = SearchPath,
        ["HOME"] = home,
        ["LANG"] = "C.UTF-8",
    };

    private static string Variable(string port) => port.Replace('-', '_').ToUpperInvariant();
}
