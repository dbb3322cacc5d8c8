using System.Diagnostics;
using System.Text.Json;

namespace OpenCluster.EndToEnd.Tests;

/// <summary>The example's cluster: two load-balancers, and apps in Python that register with them by plain HTTP.</summary>
public sealed class RegisteringTests : IAsyncLifetime
{
    private static readonly string Example = Path.Combine(Path.GetDirectoryName(Executable.Path)!, "examples", "registering-app");

    private readonly string _directory = Directory.CreateTempSubdirectory("opencluster-apps-").FullName;
    private readonly List<Process> _started = [];
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private string _home = "";

    private sealed record Balancer(string Instance, string Address, int MetricsPort, int Pid);

    public async ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(_directory, (UnixFileMode)Convert.ToInt32("755", 8));
        Directory.CreateDirectory(Path.Combine(_directory, "app"));
        foreach (var file in (string[])["cluster.yaml", "app/app.py"]) File.Copy(Path.Combine(Example, file), Path.Combine(_directory, file));
        _started.Add(Executable.Start(_directory, "up", "cluster.yaml"));
        try
        {
            var context = Path.Combine(_directory, ".opencluster", "context.json");
            await UpFixture.UntilAsync(() => Task.FromResult(File.Exists(context)));
            using var json = JsonDocument.Parse(await File.ReadAllTextAsync(context));
            _home = json.RootElement.GetProperty("home").GetString()!;
            await UpFixture.UntilAsync(async () => (await BalancersAsync()).Count == 2);
            await UpFixture.UntilAsync(KnowEachOtherAsync);
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
        _started.Reverse();
        foreach (var process in _started)
        {
            if (!process.HasExited)
            {
                using var interrupt = Process.Start("kill", ["-INT", $"{process.Id}"]);
                await process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
            }
        }
        foreach (var process in _started) process.Dispose();
        _http.Dispose();
        if (_home.Length > 0) Directory.Delete(_home, recursive: true);
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Services_register_themselves_and_survive_deaths_of_theirs_and_of_load_balancers()
    {
        var balancers = await BalancersAsync();
        foreach (var balancer in balancers)
        {
            await UpFixture.UntilAsync(() => ServesAsync(balancer, "/hello"));
            // It listens nowhere: requests come over the connections that it opened.
            await UpFixture.UntilAsync(() => ServesAsync(balancer, "/behind"));
        }
        await UpFixture.UntilAsync(async () => (await RegistrationsAsync()).Count(r => r is { App: "hello", State: "serving" }) == 2);

        // An app dies without a word and is started again by its agent: nobody notices.
        var dead = (await InstancesAsync("hello"))[0];
        var asking = AskUntilAsync(balancers, async () => (await InstancesAsync("hello")).Any(i => i.Id == dead.Id && i.Pid != dead.Pid));
        await KillAsync(dead.Pid);
        Assert.Empty(await asking);
        await UpFixture.UntilAsync(async () => (await RegistrationsAsync()).Count(r => r is { App: "hello", State: "serving" }) == 2);

        // So does a load-balancer: the other one serves on, and it comes back with what it knew.
        var first = balancers[0];
        asking = AskUntilAsync([balancers[1]], async () => (await BalancersAsync()).Any(b => b.Instance == first.Instance && b.Pid != first.Pid));
        await KillAsync(first.Pid);
        Assert.Empty(await asking);
        await UpFixture.UntilAsync(() => ServesAsync(first, "/hello"));
        await UpFixture.UntilAsync(() => ServesAsync(first, "/behind"));
    }

    [Fact]
    public async Task The_lease_of_an_app_that_nobody_restarts_ends_by_itself()
    {
        var made = await Executable.RunAsync(_directory, "token", "create", "guest", "--app", "--route", "site");
        Assert.True(made.ExitCode == 0, made.Output + made.Errors);
        await File.WriteAllTextAsync(Path.Combine(_directory, "token"), made.Output.Trim(), TestContext.Current.CancellationToken);
        var balancers = await BalancersAsync();
        var guest = Process.Start(new ProcessStartInfo("python3", [Path.Combine(Example, "app", "app.py")])
        {
            WorkingDirectory = _directory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            Environment =
            {
                ["OPENCLUSTER_REGISTRARS"] = string.Join(',', balancers.Select(b => $"http://{b.Address}:7401")),
                ["OPENCLUSTER_TOKEN_FILE"] = "token",
                ["APP_PATH"] = "/guest",
                ["LISTEN"] = "yes",
            },
        })!;
        _started.Add(guest);
        foreach (var balancer in balancers) await UpFixture.UntilAsync(() => ServesAsync(balancer, "/guest"));

        await KillAsync(guest.Id);
        await UpFixture.UntilAsync(async () => (await RegistrationsAsync()).All(r => !r.Paths.Contains("/guest", StringComparison.Ordinal)));
        foreach (var balancer in balancers) Assert.False(await ServesAsync(balancer, "/guest"));

        // What is listed for people tells no secret.
        var listed = await Executable.RunAsync(_directory, "lb", "registrations", "--json");
        Assert.DoesNotContain(made.Output.Trim(), listed.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("/v1/registrations/", listed.Output, StringComparison.Ordinal);
    }

    /// <summary>Asks for /hello again and again until something holds, and tells what was not answered well.</summary>
    private async Task<List<string>> AskUntilAsync(IReadOnlyList<Balancer> balancers, Func<Task<bool>> holds)
    {
        var failures = new List<string>();
        var until = UpFixture.UntilAsync(holds);
        for (var i = 0; !until.IsCompleted; i++)
        {
            var balancer = balancers[i % balancers.Count];
            if (!await ServesAsync(balancer, "/hello")) failures.Add($"request {i} at {balancer.Address}");
        }
        await until;
        return failures;
    }

    private static async Task KillAsync(int pid)
    {
        using var kill = Process.Start("kill", ["-9", $"{pid}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private sealed record Registered(string App, string State, string Paths);

    private async Task<List<Registered>> RegistrationsAsync()
    {
        var listed = await Executable.RunAsync(_directory, "lb", "registrations", "--json");
        if (listed.ExitCode != 0) return [];
        using var registrations = JsonDocument.Parse(listed.Output);
        return [.. registrations.RootElement.EnumerateArray().Select(r => new Registered(r.GetProperty("app").GetString()!, r.GetProperty("state").GetString()!, r.GetProperty("paths").ToString()))];
    }

    private async Task<bool> ServesAsync(Balancer balancer, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{balancer.Address}:8080{path}");
        request.Headers.Host = "site.example.org";
        try
        {
            using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode && (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Contains(path, StringComparison.Ordinal);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Every balancer has heard the other.</summary>
    private async Task<bool> KnowEachOtherAsync()
    {
        foreach (var balancer in await BalancersAsync())
        {
            var metrics = await _http.GetStringAsync(new Uri($"http://{balancer.Address}:{balancer.MetricsPort}/metrics"), TestContext.Current.CancellationToken);
            if (metrics.Split('\n').Count(l => l.StartsWith("opencluster_lb_peer_up{", StringComparison.Ordinal) && l.EndsWith(" 1", StringComparison.Ordinal)) != 1) return false;
        }
        return true;
    }

    /// <summary>Those that are ready, by server.</summary>
    private async Task<List<Balancer>> BalancersAsync() =>
        [.. (await InstancesAsync("front")).Select(i => new Balancer(i.Id, i.Address, i.Port, i.Pid))];

    /// <summary>Ready instances of a service or load-balancer, by server.</summary>
    private async Task<List<(string Id, string Address, int Port, int Pid)>> InstancesAsync(string service)
    {
        var run = await Executable.RunAsync(_directory, "instances", "--json");
        if (run.ExitCode != 0) return [];
        using var instances = JsonDocument.Parse(run.Output);
        return
        [
            .. from instance in instances.RootElement.EnumerateArray()
               where instance.GetProperty("service").GetString() == service && instance.TryGetProperty("status", out var status) && status.GetProperty("phase").GetString() == "Ready"
               let at = instance.GetProperty("status")
               orderby instance.GetProperty("server").GetString()
               select (instance.GetProperty("id").GetString()!, at.GetProperty("address").GetString()!, at.GetProperty("ports").EnumerateObject().FirstOrDefault() is { Value.ValueKind: JsonValueKind.Number } port ? port.Value.GetInt32() : 0, at.GetProperty("pid").GetInt32()),
        ];
    }
}
