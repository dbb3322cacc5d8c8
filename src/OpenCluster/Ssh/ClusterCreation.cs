using System.Net;
using OpenCluster.Host;
using OpenCluster.Model.Nouns;
using OpenCluster.Trust.Certificates;

namespace OpenCluster.Ssh;

/// <summary>
/// A whole cluster from bare hosts: (1) all of them are met and judged, and nothing is done when one cannot be used; (2) the one that the file
/// gives the controller to is installed, (3) the person here logged in and the file applied, (4) the others joined.
/// </summary>
internal sealed class ClusterCreation(Cluster cluster, IReadOnlyList<SshTarget> targets, OneFile file, SshOptions options, HostProgress progress, TimeProvider time)
{
    private readonly Dictionary<string, RemoteHost> _hosts = new(StringComparer.Ordinal);
    private readonly Lock _meeting = new();

    /// <summary>The server that the file gives the controller to.</summary>
    public Server First { get; } = cluster.Servers.FirstOrDefault(s => s.Controller) ?? cluster.Servers[0];

    /// <exception cref="FormatException">File and list do not name the same servers.</exception>
    public void CheckNames()
    {
        var (listed, declared) = (targets.Select(t => t.Name).ToHashSet(StringComparer.Ordinal), cluster.Servers.Select(s => s.Name).ToHashSet(StringComparer.Ordinal));
        if (listed.Except(declared).FirstOrDefault() is { } unknown) throw new FormatException($"The list names {unknown}, and the cluster file has no such server; it has {string.Join(", ", declared)}.");
        if (declared.Except(listed).FirstOrDefault() is { } unlisted) throw new FormatException($"The cluster file has the server {unlisted}, and the list does not say where that is.");
        if (AddressOf(First) is null) throw new FormatException($"By which IP address do others reach {First.Name}? Write \"address\" at it in the cluster file, or the address in the list.");
    }

    /// <summary>Step 1. Hosts that are servers already are an obstacle, too: creating is not joining.</summary>
    public Task<IReadOnlyList<HostOutcome>> MeetAsync(int port, CancellationToken ct) => HostJoining.EachAsync(targets, async (target, token) =>
    {
        progress.Tell(target, $"connecting to {target.Login}");
        var host = await RemoteHost.MeetAsync(target, options, time, token).ConfigureAwait(false);
        lock (_meeting) _hosts[target.Name] = host;
        if (host.Facts.Server is { } known) throw new SshException($"this host is a server already (\"{known}\"): `opencluster uninstall` there takes that away, `opencluster server add --list` joins others to a cluster that is there");
        host.Judge(target.Name == First.Name ? [port] : [], progress);
        return new HostOutcome(target, true, "can be a server");
    }, ct);

    /// <summary>Step 2.</summary>
    /// <returns>The controller, and the roots that its certificate leads to, told over ssh.</returns>
    public async Task<(Uri Url, RootBundle Roots)> InstallAsync(Answers answers, CancellationToken ct)
    {
        var host = _hosts[First.Name];
        progress.Tell(host.Target, "copying the executable");
        await host.BringAsync(file, ct).ConfigureAwait(false);
        progress.Tell(host.Target, "installing the controller");
        answers = answers with { Cluster = cluster.Name, Server = First.Name, Address = AddressOf(First)! };
        await host.InstallAsync(answers.ToJson(), ct).ConfigureAwait(false);
        return (answers.Url, RootBundle.Parse(await host.RootsAsync(ct).ConfigureAwait(false)));
    }

    /// <summary>Step 4.</summary>
    public async Task<IReadOnlyList<HostOutcome>> JoinAsync(HostJoining joining, CancellationToken ct)
    {
        var others = await HostJoining.EachAsync([.. targets.Where(t => t.Name != First.Name)],
            (target, token) => joining.JoinAsync(_hosts[target.Name], cluster.Servers.First(s => s.Name == target.Name).Address, token), ct).ConfigureAwait(false);
        return [new HostOutcome(_hosts[First.Name].Target, true, "runs the controller"), .. others];
    }

    public async Task CloseAsync()
    {
        foreach (var host in _hosts.Values) await host.CloseAsync().ConfigureAwait(false);
    }

    private string? AddressOf(Server server) => server.Address ?? (targets.First(t => t.Name == server.Name).Host is var host && IPAddress.TryParse(host, out _) ? host : null);
}
