using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace OpenCluster.EndToEnd.Tests.JoeBarry;

/// <summary>A load-balancer process of the example.</summary>
/// <param name="Name">Of the load-balancer in the file: outside or inside.</param>
internal sealed record Front(string Name, string Instance, string Server, string Address, int MetricsPort, int Pid);

/// <summary>
/// <c>examples/joebarry</c> brought up on this machine as its README says, with certificates of its own script; once for all its tests. Some kill
/// things and leave them whole again.
/// </summary>
public sealed class JoeBarryCluster : IAsyncLifetime
{
    /// <summary>What counts as the office.</summary>
    public const string Office = "127.0.0.9";

    private static readonly string Example = Path.Combine(Path.GetDirectoryName(Executable.Path)!, "examples", "joebarry");

    /// <summary>Apps that register, and that must be serving before a test begins: two of the API's and search.</summary>
    private const int Registered = 3;

    private Process? _up;
    private string _home = "";

    internal string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("opencluster-joebarry-").FullName;
    internal string Certificates => Path.Combine(Directory, "certificates");
    internal FrontClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(Directory, (UnixFileMode)Convert.ToInt32("755", 8));
        using (var copy = Process.Start("cp", ["-r", Example + "/.", Directory])) await copy.WaitForExitAsync();
        using (var make = Process.Start(Path.Combine(Directory, "certificates.sh"), [Certificates])) await make.WaitForExitAsync();
        Client = new FrontClient(Certificates);
        var executable = Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root ? $"env DOTNET_ROOT={root} {BuiltExecutable}" : BuiltExecutable;
        await Executable.RunAsync(Directory, "--version");
        _up = Executable.Start(Directory, "up", "cluster.yaml", "--set", $"office={Office}", "--set", $"certificates={Certificates}", "--set", $"opencluster={executable}");
        try
        {
            await UntilWholeAsync();
        }
        catch
        {
            // Nobody else ends what was started by then.
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_up is { HasExited: false })
        {
            using var interrupt = Process.Start("kill", ["-INT", $"{_up.Id}"]);
            await _up.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(90)).Token);
        }
        _up?.Dispose();
        _up = null;
        Client?.Dispose();
        foreach (var left in (string[])[_home, Directory])
            if (System.IO.Directory.Exists(left)) System.IO.Directory.Delete(left, recursive: true);
    }

    /// <summary>All instances and load-balancers are ready, and every load-balancer knows every app that registered, as serving.</summary>
    internal async Task UntilWholeAsync()
    {
        var context = Path.Combine(Directory, ".opencluster", "context.json");
        await UpFixture.UntilAsync(() => Task.FromResult(File.Exists(context) || _up!.HasExited));
        if (_up!.HasExited) Assert.Fail(await _up.StandardError.ReadToEndAsync());
        using (var json = JsonDocument.Parse(await File.ReadAllTextAsync(context))) _home = json.RootElement.GetProperty("home").GetString()!;
        (string Service, int Count)[] wanted = [("website", 2), ("api", 2), ("search", 1), ("apptier", 2), ("data", 1), ("console", 1), ("outside", 2), ("inside", 2)];
        await UpFixture.UntilAsync(async () =>
        {
            var ready = await InstancesAsync();
            return wanted.All(w => ready.Count(i => i.Service == w.Service) == w.Count);
        }, minutes: 3);
        foreach (var front in (await FrontsAsync("outside")).Concat(await FrontsAsync("inside"))) await UpFixture.UntilAsync(async () => await ServingAsync(front) == Registered);
    }

    /// <summary>The processes of one load-balancer of the file, by server.</summary>
    internal async Task<List<Front>> FrontsAsync(string name) =>
        [.. (await InstancesAsync()).Where(i => i.Service == name).Select(i => new Front(name, i.Id, i.Server, i.Address, i.Port, i.Pid))];

    internal async Task<Front> FrontAsync(string name, string server) => (await FrontsAsync(name)).Single(f => f.Server == server);

    internal sealed record Running(string Id, string Service, string Server, string Address, int Port, int Pid);

    /// <summary>Those that are ready, by server; empty while no controller answers.</summary>
    internal async Task<List<Running>> InstancesAsync()
    {
        var run = await Executable.RunAsync(Directory, "instances", "--json");
        if (run.ExitCode != 0) return [];
        using var instances = JsonDocument.Parse(run.Output);
        return
        [
            .. from instance in instances.RootElement.EnumerateArray()
               where instance.TryGetProperty("status", out var status) && status.GetProperty("phase").GetString() == "Ready"
               let at = instance.GetProperty("status")
               let port = at.GetProperty("ports").EnumerateObject().Select(p => p.Value.GetInt32()).FirstOrDefault()
               let server = instance.GetProperty("server").GetString()!
               orderby server
               select new Running(instance.GetProperty("id").GetString()!, instance.GetProperty("service").GetString()!, server, at.GetProperty("address").GetString()!, port, at.GetProperty("pid").GetInt32()),
        ];
    }

    /// <summary>Apps that a load-balancer knows as registered.</summary>
    internal async Task<int> KnownAsync(Front front) => (await RegistrationsAsync(front)).Count;

    /// <summary>Of these, the ones that it sends requests to.</summary>
    internal async Task<int> ServingAsync(Front front) => (await RegistrationsAsync(front)).Count(r => r.State == "serving");

    /// <summary>What is left of each lease, in seconds.</summary>
    internal async Task<double[]> LeftAsync(Front front) => [.. (await RegistrationsAsync(front)).Select(r => r.TtlSeconds)];

    /// <summary>Requests of a route that a load-balancer has answered.</summary>
    internal async Task<long> RequestsAsync(Front front, string route)
    {
        var lines = (await Client.OwnPageAsync(front, "/metrics")).Split('\n').Where(l => l.StartsWith($"opencluster_lb_route_requests_total{{route=\"{route}\"", StringComparison.Ordinal));
        return lines.Sum(l => long.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    /// <summary>Makes a token for an app, as its owner would.</summary>
    internal async Task<string> TokenAsync(string name, params string[] forWhat)
    {
        var made = await Executable.RunAsync(Directory, ["token", "create", name, "--app", .. forWhat]);
        Assert.True(made.ExitCode == 0, made.Output + made.Errors);
        return made.Output.Trim();
    }

    internal static async Task SignalAsync(string signal, int pid)
    {
        using var kill = Process.Start("kill", [signal, $"{pid}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The agent that is a server of the file.</summary>
    internal int AgentOf(string server) => System.IO.Directory.EnumerateDirectories("/proc")
        .Select(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
        .First(pid => pid > 0 && CommandLine(pid).EndsWith($"\0agent\0--directory\0{Path.Combine(_home, "servers", server)}\0", StringComparison.Ordinal));

    private static string BuiltExecutable => Path.Combine(Path.GetDirectoryName(Executable.Path)!, "artifacts", "run", "opencluster");

    private async Task<List<(string State, double TtlSeconds)>> RegistrationsAsync(Front front)
    {
        using var registrations = JsonDocument.Parse(await Client.OwnPageAsync(front, "/registrations"));
        return [.. registrations.RootElement.EnumerateArray().Select(r => (r.GetProperty("state").GetString()!, r.GetProperty("ttlSeconds").GetDouble()))];
    }

    private static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            return ""; // it has just ended
        }
    }
}

/// <summary>One cluster for all that is shown of the example, a test at a time.</summary>
[CollectionDefinition]
public sealed class JoeBarryCollection : ICollectionFixture<JoeBarryCluster>;
