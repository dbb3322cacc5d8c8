using OpenCluster.Lab;

namespace OpenCluster.EndToEnd.Tests.Ssh;

/// <summary>From bare hosts to a cluster by one command, and what is said of hosts that cannot be servers.</summary>
public sealed class ClusterOverSshTests(BareHosts hosts) : IClassFixture<BareHosts>
{
    private const string Password = "four unrelated words here";
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Three_bare_hosts_become_a_cluster_by_one_command_and_serve_the_startups_site()
    {
        if (hosts.Lacks is { } lacking) Assert.Skip($"needs {lacking}");
        var repositories = await RepositoriesAsync();
        var (file, list) = (Path.Combine(hosts.Directory, "cluster.yaml"), Path.Combine(hosts.Directory, "servers.txt"));
        await File.WriteAllTextAsync(file, OnThreeServers(await File.ReadAllTextAsync(Example("cluster.yaml"), Ct)), Ct);
        await File.WriteAllLinesAsync(list, ["# the startup's", hosts.LineOf("lb1"), hosts.LineOf("web1"), hosts.LineOf("web2")], Ct);

        Good(await hosts.RunAsync(Password + "\n", "cluster", "create", file, "--list", list, "--identity", hosts.Key, "--executable", BareHosts.OneFile, "--admin", "ann", "--set", $"repositories={repositories}"));
        await ServesAsync();
        Assert.Contains("<title>", await FetchAsync("joebarry.com", "/"), StringComparison.Ordinal);
        Assert.Contains("api", await FetchAsync("joebarry.com", "/api/"), StringComparison.OrdinalIgnoreCase);

        var again = await hosts.RunAsync(null, "server", "add", "--list", list, "--identity", hosts.Key, "--executable", BareHosts.OneFile);
        Good(again);
        Assert.Equal(3, again.Output.Split("nothing was changed").Length - 1);

        await TellsOfEachAsync(list);
        await NothingIsLeftAsync();
    }

    /// <summary>Another three, each with a fault of its own, one of them known to the cluster by another name.</summary>
    private async Task TellsOfEachAsync(string list)
    {
        await hosts.Hosts["plain"].RunAsync(["rm", "-r", "/run/systemd"], Ct);
        await hosts.Hosts["stranger"].RunAsync(["rm", "/root/.ssh/authorized_keys"], Ct);
        await File.WriteAllLinesAsync(list,
        [
            hosts.LineOf("plain"), hosts.LineOf("stranger"), hosts.LineOf("web1", called: "other"),
            $"between root@{hosts.Hosts["web2"].Address} {hosts.LineOf("web1").Split(' ')[^1]}", $"unknown root@{hosts.Hosts["web2"].Address}", "nobody root@10.77.0.99",
        ], Ct);
        var run = await hosts.RunAsync(null, "server", "add", "--list", list, "--identity", hosts.Key, "--executable", BareHosts.OneFile);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("systemd does not run there", Of("plain"), StringComparison.Ordinal);
        Assert.Contains("nobody is let in as root@", Of("stranger"), StringComparison.Ordinal);
        Assert.Contains("is server web1 already", Of("other"), StringComparison.Ordinal);
        Assert.Contains("somebody stands between", Of("between"), StringComparison.Ordinal);
        Assert.Contains("its host key is not known", Of("unknown"), StringComparison.Ordinal);
        Assert.Contains("cannot be reached", Of("nobody"), StringComparison.Ordinal);

        string Of(string name) => run.Output.Split('\n').Single(l => l.StartsWith(name + " ", StringComparison.Ordinal));
    }

    /// <summary>No half-copied file, no password or token in what the hosts wrote.</summary>
    private async Task NothingIsLeftAsync()
    {
        foreach (var host in hosts.Hosts.Values)
        {
            Assert.Equal("", await host.RunAsync(["/bin/sh", "-c", "ls -a /root | grep opencluster- || true"], Ct));
            Assert.Equal("", await LabShell.RunAsync("/bin/sh", ["-c", $"grep -rls '{Password}' {host.Layer} || true"], Ct));
        }
    }

    private Task<string> FetchAsync(string site, string path) =>
        hosts.Laptop.RunAsync(["curl", "-sS", "--fail", "--max-time", "20", "-H", $"Host: {site}", $"http://{hosts.Hosts["lb1"].Address}:8080{path}"], Ct);

    /// <summary>Healthy, as the laptop sees it. Builds and roll-outs on one busy machine take their time.</summary>
    private async Task ServesAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(TimeSpan.FromMinutes(3));
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1));
        for (var status = new Run(1, "", ""); status.ExitCode != 0; status = await hosts.RunAsync(null, "status"))
        {
            try
            {
                await tick.WaitForNextTickAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail(status.Output + status.Errors);
            }
        }
    }

    private async Task<string> RepositoriesAsync()
    {
        var all = Path.Combine(hosts.Directory, "repositories");
        foreach (var name in (string[])["website", "api"])
        {
            await LabShell.RunAsync("/bin/sh", ["-c", $"mkdir -p {all}/{name} && cp -r {Example(name)}/. {all}/{name} && cd {all}/{name} && git init -q -b main && git add -A && git -c user.name=joe -c user.email=joe@example.org commit -q -m 'first'"], Ct);
        }

        return all;
    }

    /// <summary>The example without its development zone, its four machines and the controller's on three.</summary>
    private static string OnThreeServers(string example)
    {
        var lines = example.Split('\n').ToList();
        var servers = lines.IndexOf("servers:");
        lines.RemoveRange(servers + 1, lines.FindIndex(servers, l => l.Length == 0) - servers - 1);
        lines.InsertRange(servers + 1,
        [
            "  web1: {roles: webserver, location: dc}", "  web2: {roles: webserver, location: hq}",
            "  lb1: {roles: [loadbalancer, management], location: dc, controller: true}",
        ]);
        var zone = lines.FindIndex(l => l == "  development:");
        lines.RemoveRange(zone, 3);
        lines.RemoveAll(l => l.StartsWith("      development:", StringComparison.Ordinal) || l.Contains("-development:", StringComparison.Ordinal));
        return string.Join('\n', lines);
    }

    private static string Example(string name) => Path.Combine(Path.GetDirectoryName(Executable.Path)!, "examples", "simple-startup", name);

    private static void Good(Run run) => Assert.True(run.ExitCode == 0, run.Output + run.Errors);
}
