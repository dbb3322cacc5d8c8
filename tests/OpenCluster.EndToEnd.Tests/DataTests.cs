using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace OpenCluster.EndToEnd.Tests;

/// <summary>A space with three copies by real redis-servers, each on a server of its own; brought up once for all its tests.</summary>
public sealed class SpaceFixture : IAsyncLifetime
{
    private Process? _up;

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("opencluster-data-").FullName;
    public string Password { get; private set; } = "";

    public static bool CanRun => File.Exists("/usr/bin/redis-server");

    public async ValueTask InitializeAsync()
    {
        if (!CanRun) return;
        File.SetUnixFileMode(Directory, (UnixFileMode)Convert.ToInt32("755", 8));
        await File.WriteAllTextAsync(Path.Combine(Directory, "cluster.yaml"), """
            cluster: spaces
            servers:
              control: {controller: true, roles: [control]}
              db1: {roles: [data], location: a}
              db2: {roles: [data], location: b}
              db3: {roles: [data], location: c}
            data:
              orders: {role: data, port: 16380}
            """);
        _up = Executable.Start(Directory, "up", "cluster.yaml");
        await UpFixture.UntilAsync(InStepAsync);
        using var access = JsonDocument.Parse((await Executable.RunAsync(Directory, "data", "access", "orders", "--json")).Output);
        Password = access.RootElement.GetProperty("password").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_up is { HasExited: false })
        {
            using var term = Process.Start("kill", ["-INT", $"{_up.Id}"]);
            await _up.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
        }

        _up?.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    public async Task<JsonElement> SpaceAsync()
    {
        var run = await Executable.RunAsync(Directory, "data", "status", "--json");
        using var status = JsonDocument.Parse(run.Output.Length == 0 ? "[]" : run.Output);
        // A failure is an object: the controller does not answer yet.
        return status.RootElement is { ValueKind: JsonValueKind.Array } spaces && spaces.GetArrayLength() > 0 ? spaces[0].Clone() : default;
    }

    /// <summary>One primary, and every other copy has all it has.</summary>
    public async Task<bool> InStepAsync()
    {
        var space = await SpaceAsync();
        return space.ValueKind == JsonValueKind.Object && space.GetProperty("phase").GetString() == "serving"
            && space.GetProperty("copies").EnumerateArray().Count(c => c.GetProperty("role").GetString() == "follows" && c.TryGetProperty("lagBytes", out _)) == 2;
    }
}

public sealed class DataTests(SpaceFixture space) : IClassFixture<SpaceFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_primary_killed_twice_in_a_row_loses_no_acknowledged_write()
    {
        Need();
        await using var writer = await WriterAsync();
        await writer.NextAsync();
        for (var round = 1; round <= 2; round++)
        {
            var old = await PrimaryAsync();
            await KillRedisAsync(old.Address, "-KILL");
            var after = await writer.NextAsync();
            TestContext.Current.TestOutputHelper!.WriteLine($"kill {round}: the next write was confirmed after {after.TotalMilliseconds:0} ms");
            Assert.NotEqual(old.Server, (await PrimaryAsync()).Server);
        }

        await EverythingIsThereAsync(writer);
        await UpFixture.UntilAsync(space.InStepAsync);
    }

    [Fact]
    public async Task A_server_that_stood_still_with_its_agent_is_replaced_and_confirms_nothing_when_it_wakes()
    {
        Need();
        await using var writer = await WriterAsync();
        await writer.NextAsync();
        var old = await PrimaryAsync();
        var redis = await PidOfRedisAsync(old.Address);
        var agent = PidOfAgent(old.Server);
        await SignalAsync("-STOP", agent, redis);
        try
        {
            var after = await writer.NextAsync();
            TestContext.Current.TestOutputHelper!.WriteLine($"stopped: the next write was confirmed after {after.TotalMilliseconds:0} ms");
        }
        finally
        {
            await SignalAsync("-CONT", redis, agent);
        }

        await UpFixture.UntilAsync(space.InStepAsync);
        Assert.NotEqual(old.Server, (await PrimaryAsync()).Server);
        await EverythingIsThereAsync(writer);
    }

    [Fact]
    public async Task A_server_killed_with_its_agent_is_replaced_and_comes_back_as_a_follower()
    {
        Need();
        await using var writer = await WriterAsync();
        await writer.NextAsync();
        var old = await PrimaryAsync();
        await SignalAsync("-KILL", PidOfAgent(old.Server), await PidOfRedisAsync(old.Address));
        var after = await writer.NextAsync();
        TestContext.Current.TestOutputHelper!.WriteLine($"killed with its agent: the next write was confirmed after {after.TotalMilliseconds:0} ms");
        await UpFixture.UntilAsync(space.InStepAsync);
        await EverythingIsThereAsync(writer);
    }

    [Fact]
    public async Task A_primary_is_moved_under_load_without_a_lost_write()
    {
        Need();
        await using var writer = await WriterAsync();
        await writer.NextAsync();
        await UpFixture.UntilAsync(space.InStepAsync);
        var to = (await space.SpaceAsync()).GetProperty("copies").EnumerateArray().First(c => c.GetProperty("role").GetString() == "follows").GetProperty("server").GetString()!;

        var moved = await Executable.RunAsync(space.Directory, "data", "move-primary", "orders", "--to", to, "--why", "test");

        Assert.True(moved.ExitCode == 0, moved.Output + moved.Errors);
        TestContext.Current.TestOutputHelper!.WriteLine(moved.Errors);
        await writer.NextAsync();
        Assert.Equal(to, (await PrimaryAsync()).Server);
        await EverythingIsThereAsync(writer);
        await UpFixture.UntilAsync(space.InStepAsync);
    }

    [Fact]
    public async Task A_controller_that_dies_takes_no_primary_along()
    {
        Need();
        await using var writer = await WriterAsync();
        await writer.NextAsync();
        var epoch = (await space.SpaceAsync()).GetProperty("epoch").GetInt64();
        using var instances = JsonDocument.Parse((await Executable.RunAsync(space.Directory, "instances", "--json")).Output);
        var controller = instances.RootElement.EnumerateArray().Single(i => i.GetProperty("id").GetString() == "controller-1");

        await SignalAsync("-KILL", controller.GetProperty("status").GetProperty("pid").GetInt32());
        await writer.NextAsync();
        await UpFixture.UntilAsync(space.InStepAsync);

        Assert.Equal(epoch, (await space.SpaceAsync()).GetProperty("epoch").GetInt64());
        Assert.DoesNotContain(writer.Errors, e => e.Key is not "READONLY" and not "NOPERM");
        await EverythingIsThereAsync(writer);
    }

    private static void Need()
    {
        if (!SpaceFixture.CanRun) Assert.Skip("needs redis-server");
    }

    private async Task<SpaceWriter> WriterAsync()
    {
        await UpFixture.UntilAsync(space.InStepAsync);
        var copies = (await space.SpaceAsync()).GetProperty("copies").EnumerateArray().Select(c => c.GetProperty("address").GetString()!).ToList();
        return new SpaceWriter(copies, space.Password, Ct);
    }

    private async Task<(string Server, string Address)> PrimaryAsync()
    {
        var now = default(JsonElement);
        await UpFixture.UntilAsync(async () => (now = await space.SpaceAsync()).TryGetProperty("primary", out _));
        return (now.GetProperty("primary").GetString()!, now.GetProperty("writes").GetString()!);
    }

    private async Task EverythingIsThereAsync(SpaceWriter writer)
    {
        var acknowledged = writer.Acknowledged.ToList();
        using var client = await RespClient.OpenAsync((await PrimaryAsync()).Address, space.Password, Ct);
        var lost = new List<int>();
        foreach (var number in acknowledged)
            if ((await client.AskAsync(Ct, "GET", $"w:{number}")).Text != $"{number}") lost.Add(number);
        TestContext.Current.TestOutputHelper!.WriteLine($"{acknowledged.Count} writes confirmed; errors: {string.Join(", ", writer.Errors.Select(e => $"{e.Key} {e.Value}"))}");
        Assert.Empty(lost);
    }

    private async Task KillRedisAsync(string address, string signal) => await SignalAsync(signal, await PidOfRedisAsync(address));

    private async Task<int> PidOfRedisAsync(string address)
    {
        using var client = await RespClient.OpenAsync(address, space.Password, Ct);
        var line = (await client.AskAsync(Ct, "INFO", "server")).Text.Split("\r\n").Single(l => l.StartsWith("process_id:", StringComparison.Ordinal));
        return int.Parse(line.Split(':')[1], CultureInfo.InvariantCulture);
    }

    /// <summary>The agent of a server of this very cluster, by its command line.</summary>
    private int PidOfAgent(string server)
    {
        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                var file = $"/proc/{process.Id}/cmdline";
                var words = File.Exists(file) ? TryRead(file).Split('\0') : [];
                if (words.Contains("agent") && words.Any(w => w.StartsWith(space.Directory, StringComparison.Ordinal) && w.EndsWith("/" + server, StringComparison.Ordinal))) return process.Id;
            }
        }

        throw new InvalidOperationException($"no agent of {server} runs");
    }

    private static string TryRead(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return "";
        }
    }

    private static async Task SignalAsync(string signal, params int[] pids)
    {
        using var kill = Process.Start("kill", [signal, .. pids.Select(p => $"{p}")]);
        await kill.WaitForExitAsync(Ct);
        Assert.Equal(0, kill.ExitCode);
    }
}
