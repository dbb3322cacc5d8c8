namespace OpenCluster.Lab;

/// <summary>
/// A network of its own on this machine: a switch in a network namespace, and hosts plugged into it. Nothing of it touches the machine's own
/// network. Takes root, iproute2 and util-linux.
/// </summary>
internal sealed class LabNetwork : IAsyncDisposable
{
    private const string Bridge = "switch";

    private readonly string _directory;
    private readonly string _name;
    private readonly List<LabHost> _hosts = [];

    private LabNetwork(string name, string directory) => (_name, _directory) = (name, directory);

    /// <param name="name">Unique on the machine, a few letters; namespaces begin with it.</param>
    /// <param name="directory">Where hosts keep what they write.</param>
    /// <exception cref="IOException">The machine does not allow it.</exception>
    public static async Task<LabNetwork> CreateAsync(string name, string directory, CancellationToken ct)
    {
        var network = new LabNetwork(name, directory);
        await Ip(["netns", "add", name], ct).ConfigureAwait(false);
        await Ip(["-n", name, "link", "add", Bridge, "type", "bridge"], ct).ConfigureAwait(false);
        await Ip(["-n", name, "link", "set", Bridge, "up"], ct).ConfigureAwait(false);
        return network;
    }

    /// <summary>Starts a host and plugs it in; addresses count up from 10.77.0.2.</summary>
    public async Task<LabHost> AddAsync(string host, CancellationToken ct)
    {
        var (number, space) = (_hosts.Count + 2, $"{_name}-{host}");
        await Ip(["netns", "add", space], ct).ConfigureAwait(false);
        await Ip(["-n", _name, "link", "add", $"port{number}", "type", "veth", "peer", "name", "eth0", "netns", space], ct).ConfigureAwait(false);
        await Ip(["-n", _name, "link", "set", $"port{number}", "master", Bridge, "up"], ct).ConfigureAwait(false);
        await Ip(["-n", space, "address", "add", $"10.77.0.{number}/24", "dev", "eth0"], ct).ConfigureAwait(false);
        await Ip(["-n", space, "link", "set", "eth0", "up"], ct).ConfigureAwait(false);
        await Ip(["-n", space, "link", "set", "lo", "up"], ct).ConfigureAwait(false);
        var made = new LabHost(host, $"10.77.0.{number}", space, Path.Combine(_directory, host));
        _hosts.Add(made);
        await made.StartAsync(ct).ConfigureAwait(false);
        return made;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync().ConfigureAwait(false);
            await Ip(["netns", "delete", host.Namespace], CancellationToken.None).ConfigureAwait(false);
        }

        await Ip(["netns", "delete", _name], CancellationToken.None).ConfigureAwait(false);
    }

    private static Task<string> Ip(string[] words, CancellationToken ct) => LabShell.RunAsync("ip", words, ct);
}
