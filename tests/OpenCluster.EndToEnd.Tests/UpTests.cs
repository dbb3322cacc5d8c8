using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OpenCluster.EndToEnd.Tests;

/// <summary>A one-server cluster with a service from a working directory, as a developer has it; brought up once for all its tests.</summary>
public sealed class UpFixture : IAsyncLifetime
{
    private Process? _up;

    /// <summary>Deeper than the path of a Unix socket may be: what a developer's home may look like.</summary>
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("opencluster-up-").CreateSubdirectory(
        "where-a-developer/keeps-all-the-projects/of-this-year/and-of-the-years-before/side-by-side").FullName;

    /// <summary>Where the cluster is, which is not below so deep a directory.</summary>
    public string Home { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        for (var above = new DirectoryInfo(Directory); above.FullName != Path.TrimEndingDirectorySeparator(Path.GetTempPath()); above = above.Parent!)
            File.SetUnixFileMode(above.FullName, (UnixFileMode)Convert.ToInt32("755", 8));
        System.IO.Directory.CreateDirectory(Path.Combine(Directory, "hello"));
        await File.WriteAllTextAsync(Path.Combine(Directory, "hello", "index.html"), "first\n");
        await File.WriteAllTextAsync(Path.Combine(Directory, "cluster.yaml"), Yaml(instances: 1));
        _up = Executable.Start(Directory, "up", "cluster.yaml");
        await UntilAsync(ServesAsync);
        using var context = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Directory, ".opencluster", "context.json")));
        Home = context.RootElement.GetProperty("home").GetString()!;
    }

    /// <summary>As after a crash of the terminal: <c>up</c> is gone at once, and what it started goes on.</summary>
    public async Task KillAndGoOnAsync()
    {
        // The launcher executes the real thing in its own place, so this is no parent of something else.
        _up!.Kill();
        await _up.WaitForExitAsync(TestContext.Current.CancellationToken);
        _up.Dispose();
        _up = Executable.Start(Directory, "up", "cluster.yaml");
        await _up.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_up is { HasExited: false })
        {
            using var term = Process.Start("kill", ["-INT", $"{_up.Id}"]);
            await _up.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
        }

        _up?.Dispose();
        System.IO.Directory.Delete(Home, recursive: true);
        System.IO.Directory.Delete(Directory[..Directory.IndexOf("/where", StringComparison.Ordinal)], recursive: true);
    }

    /// <summary>The file is applied, and its balancer and all else is ready.</summary>
    public async Task<bool> ServesAsync()
    {
        var run = await Executable.RunAsync(Directory, "status", "--json");
        if (run.ExitCode != 0) return false;
        using var status = JsonDocument.Parse(run.Output);
        var balancers = status.RootElement.GetProperty("balancers");
        return balancers.GetArrayLength() == 1 && balancers[0].GetProperty("ready").GetBoolean();
    }

    public static string Yaml(int instances) => $$$"""
        cluster: laptop
        servers:
          laptop: {roles: [webserver]}
        services:
          hello: {directory: hello, role: webserver, web: ., instances: {{{instances}}}, roll-out: {watch: 500ms}}
        load-balancers:
          edge: {role: webserver, listen: 8080}
        routes:
          hello: {to: hello, match: ["*"]}
        """;

    /// <param name="minutes">The bound, for what takes many processes.</param>
    public static async Task UntilAsync(Func<Task<bool>> holds, int minutes = 1)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(minutes));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (!await holds()) await tick.WaitForNextTickAsync(limit.Token);
    }
}

public sealed class UpTests(UpFixture up) : IClassFixture<UpFixture>
{
    [Fact]
    public async Task A_working_directory_is_served_and_deployed_again_as_it_is()
    {
        using var client = new HttpClient { BaseAddress = await BalancerAsync() };
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/", TestContext.Current.CancellationToken)).StatusCode);

        await File.WriteAllTextAsync(Path.Combine(up.Directory, "hello", "index.html"), "second, not committed\n", TestContext.Current.CancellationToken);
        var deployed = await Executable.RunAsync(up.Directory, "deploy", "hello", "--from", "hello");
        Assert.True(deployed.ExitCode == 0, deployed.Output + deployed.Errors);
        Assert.Equal("second, not committed\n", await client.GetStringAsync("/", TestContext.Current.CancellationToken));

        var back = await Executable.RunAsync(up.Directory, "rollback", "hello");
        Assert.True(back.ExitCode == 0, back.Output + back.Errors);
        Assert.NotEqual("second, not committed\n", await client.GetStringAsync("/", TestContext.Current.CancellationToken));

        // What runs and what is in the directory are the same again, as the other tests know it.
        await File.WriteAllTextAsync(Path.Combine(up.Directory, "hello", "index.html"), "first\n", TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_changed_file_is_planned_applied_and_undone()
    {
        var changed = Path.Combine(up.Directory, "changed.yaml");
        await File.WriteAllTextAsync(changed, UpFixture.Yaml(instances: 2), TestContext.Current.CancellationToken);
        var plan = await Executable.RunAsync(up.Directory, "plan", "changed.yaml");
        Assert.Equal(0, plan.ExitCode);
        Assert.Contains("hello", plan.Output, StringComparison.Ordinal);

        var refused = await Executable.RunAsync(up.Directory, "apply", "changed.yaml");
        Assert.Equal(1, refused.ExitCode);
        var applied = await Executable.RunAsync(up.Directory, "apply", "changed.yaml", "--yes", "--why", "more");
        Assert.True(applied.ExitCode == 0, applied.Errors);
        await UpFixture.UntilAsync(async () => await ReadyAsync() == 2);

        var undone = await Executable.RunAsync(up.Directory, "undo");
        Assert.True(undone.ExitCode == 0, undone.Errors);
        await UpFixture.UntilAsync(async () => await ReadyAsync() == 1);
        var history = await Executable.RunAsync(up.Directory, "history");
        Assert.Contains("more", history.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_and_commands_reach_an_instance()
    {
        Assert.Single((await Executable.RunAsync(up.Directory, "instances", "edge")).Output.Split('\n'), line => line.StartsWith("edge-", StringComparison.Ordinal));
        using var instances = JsonDocument.Parse((await Executable.RunAsync(up.Directory, "instances", "hello", "--json")).Output);
        var id = instances.RootElement[0].GetProperty("id").GetString()!;

        var logs = await Executable.RunAsync(up.Directory, "logs", id, "-n", "5");
        Assert.True(logs.ExitCode == 0, logs.Errors);
        var environment = await Executable.RunAsync(up.Directory, "exec", id, "--", "sh", "-c", "echo $OPENCLUSTER_INSTANCE; exit 7");
        Assert.Contains(id, environment.Output, StringComparison.Ordinal);
        Assert.Equal(7, environment.ExitCode);

        var asJson = await Executable.RunAsync(up.Directory, "exec", "--json", id, "--", "echo", "two words");
        Assert.Equal("""{"exitCode":0,"output":"two words\n"}""", asJson.Output.TrimEnd());
    }

    [Fact]
    public async Task An_up_that_was_killed_goes_on_where_it_was_with_the_same_processes()
    {
        var before = await PidsAsync();
        await up.KillAndGoOnAsync();
        await UpFixture.UntilAsync(up.ServesAsync);

        Assert.Equal(before, await PidsAsync());
    }

    [Fact]
    public async Task An_up_in_the_background_of_a_script_ends_by_SIGTERM_and_says_so()
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("opencluster-term-").FullName;
        File.SetUnixFileMode(directory, (UnixFileMode)Convert.ToInt32("755", 8));
        await File.WriteAllTextAsync(Path.Combine(directory, "cluster.yaml"), "cluster: small\nservers:\n  one: {roles: [web]}\n", TestContext.Current.CancellationToken);
        // As such a shell does it: what is in its background ignores SIGINT.
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", $"trap '' INT; exec '{Executable.Path}' up cluster.yaml"])
        {
            WorkingDirectory = directory,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        var line = "";
        while (!line.StartsWith("`kill ", StringComparison.Ordinal)) line = (await shell.StandardError.ReadLineAsync(limit.Token))!;
        using var term = Process.Start("sh", ["-c", line.Split('`')[1]]);
        var rest = await shell.StandardError.ReadToEndAsync(limit.Token);
        await shell.WaitForExitAsync(limit.Token);

        Assert.Equal(0, shell.ExitCode);
        Assert.Contains("Stopped. State and data are kept", rest, StringComparison.Ordinal);
        System.IO.Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task The_story_outlives_a_killed_controller_and_who_follows_it_misses_nothing()
    {
        using var follower = Executable.Start(up.Directory, "events", "--json");
        var before = (await EventsAsync("--no-follow")).Select(e => e.Id).ToList();
        using var instances = JsonDocument.Parse((await Executable.RunAsync(up.Directory, "instances", "--json")).Output);
        var controller = instances.RootElement.EnumerateArray().First(i => i.GetProperty("id").GetString() == "controller-1").GetProperty("status").GetProperty("pid").GetInt32();
        Process.GetProcessById(controller).Kill();
        await UpFixture.UntilAsync(async () => (await Executable.RunAsync(up.Directory, "pause", "service/hello", "--why", "the controller was killed")).ExitCode == 0);
        await Executable.RunAsync(up.Directory, "resume", "service/hello");

        var after = await EventsAsync("--no-follow");
        Assert.Equal(before, after.Select(e => e.Id).Take(before.Count));
        var paused = after.Last(e => e.Text.Contains("the controller was killed", StringComparison.Ordinal));
        var followed = new List<(long Id, string Text)>();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (followed.Count == 0 || followed[^1].Id < paused.Id) followed.Add(EventOf((await follower.StandardOutput.ReadLineAsync(limit.Token))!));
        follower.Kill();
        await follower.WaitForExitAsync(limit.Token);
        Assert.Equal(after.TakeWhile(e => e.Id <= paused.Id), followed);
        Assert.Equal(paused, (await EventsAsync("--no-follow", "--since", DateTimeOffset.FromUnixTimeMilliseconds(paused.Id).ToString("O")))[0]);
    }

    private async Task<List<(long Id, string Text)>> EventsAsync(params string[] options)
    {
        var run = await Executable.RunAsync(up.Directory, ["events", "--json", .. options]);
        Assert.True(run.ExitCode == 0, run.Errors);
        return [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(EventOf)];
    }

    private static (long Id, string Text) EventOf(string line)
    {
        using var json = JsonDocument.Parse(line);
        return (json.RootElement.GetProperty("id").GetInt64(), json.RootElement.GetProperty("text").GetString()!);
    }

    private async Task<string[]> PidsAsync()
    {
        using var instances = JsonDocument.Parse((await Executable.RunAsync(up.Directory, "instances", "--json")).Output);
        return [.. instances.RootElement.EnumerateArray().Select(i => $"{i.GetProperty("id")} {i.GetProperty("status").GetProperty("pid")}").Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task A_followed_log_shows_lines_as_they_are_written()
    {
        using var following = Executable.Start(up.Directory, "logs", "controller-1", "--follow", "-n", "1", "--json");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        var line = await following.StandardOutput.ReadLineAsync(limit.Token);
        following.Kill();
        await following.WaitForExitAsync(limit.Token);

        Assert.StartsWith("{\"line\":", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_push_signed_as_GitHub_does_it_is_taken_and_any_other_refused()
    {
        using var webhook = JsonDocument.Parse((await Executable.RunAsync(up.Directory, "webhook", "hello", "--json")).Output);
        using var context = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(up.Directory, ".opencluster", "context.json"), TestContext.Current.CancellationToken));
        var url = new Uri(new Uri(context.RootElement.GetProperty("url").GetString()!), webhook.RootElement.GetProperty("path").GetString()!);
        var push = """{"ref":"refs/heads/main"}"""u8.ToArray();
        var good = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(webhook.RootElement.GetProperty("secret").GetString()!), push));

        Assert.True(await PushAsync(url, push, good) is HttpStatusCode.OK or HttpStatusCode.Accepted);
        Assert.Equal(HttpStatusCode.Unauthorized, await PushAsync(url, push, new string('0', 64)));
    }

    [Fact]
    public async Task The_controller_describes_its_API_without_reflection()
    {
        using var client = TrustingClient.For(up.Directory);
        using var context = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(up.Directory, ".opencluster", "context.json"), TestContext.Current.CancellationToken));
        var url = new Uri(new Uri(context.RootElement.GetProperty("url").GetString()!), "/v1/openapi.json");
        using var document = JsonDocument.Parse(await client.GetStringAsync(url, TestContext.Current.CancellationToken));
        var parameters = document.RootElement.GetProperty("paths").GetProperty("/v1/events").GetProperty("get").GetProperty("parameters");
        Assert.Superset(new HashSet<string> { "since", "follow" }, parameters.EnumerateArray().Select(p => p.GetProperty("name").GetString()!).ToHashSet());
    }

    private async Task<HttpStatusCode> PushAsync(Uri url, byte[] body, string signature)
    {
        using var client = TrustingClient.For(up.Directory);
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.Add("Content-Type", "application/json");
        request.Headers.Add("X-GitHub-Event", "push");
        request.Headers.Add("X-Hub-Signature-256", "sha256=" + signature);
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private async Task<Uri> BalancerAsync()
    {
        using var status = JsonDocument.Parse((await Executable.RunAsync(up.Directory, "status", "--json")).Output);
        return new Uri(status.RootElement.GetProperty("balancers")[0].GetProperty("urls")[0].GetString()!);
    }

    private async Task<int> ReadyAsync()
    {
        using var services = JsonDocument.Parse((await Executable.RunAsync(up.Directory, "services", "--json")).Output);
        return services.RootElement[0].GetProperty("zones")[0].GetProperty("ready").GetInt32();
    }
}
