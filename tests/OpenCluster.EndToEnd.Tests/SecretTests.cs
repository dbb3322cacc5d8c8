using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;

namespace OpenCluster.EndToEnd.Tests;

/// <summary>A secret's whole life by the user's commands: missing, set, renewed under load, wrong, its key rotated; and nowhere to be found.</summary>
public sealed class SecretTests : IAsyncLifetime
{
    private const string First = "good-first-4711", Second = "good-second-4712", Wrong = "bad-4713";
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    private readonly string _directory = Directory.CreateTempSubdirectory("oc-secret-").FullName;
    private readonly StringBuilder _told = new();
    private Process? _up;
    private Process? _events;
    private string _home = "";

    public async ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(_directory, (UnixFileMode)Convert.ToInt32("755", 8));
        Directory.CreateDirectory(Path.Combine(_directory, "vault"));
        await File.WriteAllTextAsync(Path.Combine(_directory, "vault", "app.py"), """
            import http.server, os, sys
            secret = open(os.environ["OPENCLUSTER_SECRETS"] + "/password").read()
            if not secret.startswith("good"): sys.exit("the password is not one that the database takes")
            class Answer(http.server.BaseHTTPRequestHandler):
                protocol_version = "HTTP/1.1"
                def do_GET(self):
                    body = secret.encode()
                    self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
                def log_message(self, *_): pass
            http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Answer).serve_forever()
            """);
        await File.WriteAllTextAsync(Path.Combine(_directory, "cluster.yaml"), """
            cluster: vault
            secrets: [password]
            servers:
              laptop: {roles: [webserver]}
            services:
              vault: {directory: vault, role: webserver, run: exec python3 app.py, instances: 2, secrets: password, roll-out: {watch: 500ms}, restart: {most: 1s}}
            load-balancers:
              edge: {role: webserver, listen: 8080}
            routes:
              vault: {match: ["*"]}
            """);
        _up = Executable.Start(_directory, "up", "cluster.yaml");
        await UpFixture.UntilAsync(async () => (await RunAsync("secret", "list", "--json")).ExitCode == 0, minutes: 4);
        _events = Executable.Start(_directory, "events", "--json");
        _events.OutputDataReceived += (_, line) =>
        {
            lock (_told) _told.AppendLine(line.Data);
        };
        _events.BeginOutputReadLine();
        using var context = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_directory, ".opencluster", "context.json")));
        _home = context.RootElement.GetProperty("home").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        _events?.Kill();
        _events?.Dispose();
        if (_up is { HasExited: false })
        {
            using var interrupt = Process.Start("kill", ["-INT", $"{_up.Id}"]);
            await _up.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
        }

        _up?.Dispose();
        if (_home.Length > 0) Directory.Delete(_home, recursive: true);
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_secret_is_waited_for_set_renewed_under_load_taken_back_and_never_seen()
    {
        await ToldAsync("opencluster secret set password");
        Good(await SetAsync(First));
        using var client = new HttpClient { BaseAddress = await BalancerAsync(), Timeout = TimeSpan.FromSeconds(20) };
        await UpFixture.UntilAsync(() => AnswersAsync(client, First));

        using var enough = new CancellationTokenSource();
        var load = LoadAsync(client, enough.Token);
        Good(await SetAsync(Second));
        await UpFixture.UntilAsync(async () => await ReleasesAsync() is [2, 2] && await AnswersAsync(client, Second));

        // A value that the service does not start with: everything goes back to the one before by itself.
        Good(await SetAsync(Wrong));
        await ToldAsync("release 3, release 2 with its secrets' new values");
        await UpFixture.UntilAsync(async () => await WentBackAsync() && await ReleasesAsync() is [2, 2]);
        Assert.True(await AnswersAsync(client, Second));
        Good(await RunAsync("secret", "rotate-key", "--why", "tested"));
        await enough.CancelAsync();
        Assert.Equal([], await load);

        Good(await RunAsync("audit", "--verify"));
        await SeenNowhereAsync();
    }

    /// <summary>Not in what the cluster keeps on disk, says in events, logs and audit, or shows in the list of processes.</summary>
    private async Task SeenNowhereAsync()
    {
        var told = Told() + (await RunAsync("audit", "--json")).Output + (await RunAsync("status", "--json")).Output + (await RunAsync("instances", "--json")).Output;
        var processes = Process.GetProcesses().SelectMany(p => (string[])[$"/proc/{p.Id}/cmdline", $"/proc/{p.Id}/environ"]).Select(Content);
        foreach (var value in (string[])[First, Second, Wrong])
        {
            foreach (var coded in (string[])[value, Convert.ToBase64String(Encoding.UTF8.GetBytes(value))[..^4]])
            {
                Assert.DoesNotContain(coded, told, StringComparison.Ordinal);
                Assert.DoesNotContain(processes, p => p.Contains(coded, StringComparison.Ordinal));
                foreach (var file in Directory.EnumerateFiles(_home, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Device }))
                    Assert.DoesNotContain(coded, Content(file), StringComparison.Ordinal);
            }
        }
    }

    private static async Task<List<string>> LoadAsync(HttpClient client, CancellationToken enough)
    {
        var failed = new List<string>();
        while (!enough.IsCancellationRequested)
        {
            try
            {
                using var answer = await client.GetAsync("/", Ct);
                if (answer.StatusCode != HttpStatusCode.OK) failed.Add($"{answer.StatusCode} {await answer.Content.ReadAsStringAsync(Ct)}");
            }
            catch (HttpRequestException gone)
            {
                failed.Add(gone.Message);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, enough).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return failed;
    }

    private static async Task<bool> AnswersAsync(HttpClient client, string text)
    {
        using var answer = await client.GetAsync("/", Ct);
        return await answer.Content.ReadAsStringAsync(Ct) == text;
    }

    private async Task<bool> WentBackAsync()
    {
        using var services = JsonDocument.Parse((await RunAsync("services", "--json")).Output);
        return services.RootElement[0].GetProperty("zones")[0].GetProperty("deployment").GetProperty("phase").GetString() == "rolled-back";
    }

    private async Task<List<int>> ReleasesAsync()
    {
        using var instances = JsonDocument.Parse((await RunAsync("instances", "vault", "--json")).Output);
        return [.. instances.RootElement.EnumerateArray().Select(i => i.GetProperty("release").GetInt32())];
    }

    private async Task<Uri> BalancerAsync()
    {
        using var status = JsonDocument.Parse((await RunAsync("status", "--json")).Output);
        return new Uri(status.RootElement.GetProperty("balancers")[0].GetProperty("urls")[0].GetString()!);
    }

    private Task ToldAsync(string words) => UpFixture.UntilAsync(() => Task.FromResult(Told().Contains(words, StringComparison.Ordinal)));

    // JSON writes ' as an escape.
    private string Told()
    {
        lock (_told) return _told.ToString().Replace("\\u0027", "'", StringComparison.Ordinal).Replace("\\u0060", "`", StringComparison.Ordinal);
    }

    private Task<Run> SetAsync(string value) => Executable.RunAsync(_directory, Encoding.UTF8.GetBytes(value + "\n"), ["secret", "set", "password"]);

    private Task<Run> RunAsync(params string[] words) => Executable.RunAsync(_directory, words);

    private static void Good(Run run) => Assert.True(run.ExitCode == 0, run.Output + run.Errors);

    private static string Content(string path)
    {
        try
        {
            return File.ReadAllText(path, Encoding.Latin1);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // A process or file that has ended meanwhile, or a socket.
            return "";
        }
    }
}
