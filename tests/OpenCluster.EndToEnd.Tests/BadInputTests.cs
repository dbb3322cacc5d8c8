using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OpenCluster.EndToEnd.Tests;

/// <summary>One server with a good service, and beside it every kind of bad one, from real repositories.</summary>
public sealed class BadInputFixture : IAsyncLifetime
{
    private Process? _up;

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("opencluster-bad-").FullName;

    public async ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(Directory, (UnixFileMode)Convert.ToInt32("755", 8));
        System.IO.Directory.CreateDirectory(Path.Combine(Directory, "site"));
        await File.WriteAllTextAsync(Path.Combine(Directory, "site", "index.html"), "good\n");
        await GitAsync("init", "-q", "-b", "main", "empty");
        await GitAsync("init", "-q", "-b", "main", "plain");
        await File.WriteAllTextAsync(Path.Combine(Directory, "plain", "index.html"), "plain\n");
        await GitAsync("-C", "plain", "add", "-A");
        await GitAsync("-C", "plain", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "one");
        await File.WriteAllTextAsync(Path.Combine(Directory, "cluster.yaml"), Yaml(""));
        _up = Executable.Start(Directory, "up", "cluster.yaml");
        await UpFixture.UntilAsync(async () => (await Executable.RunAsync(Directory, "status")).ExitCode == 0);
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

    public string Yaml(string more) => $$$"""
        cluster: bad
        servers:
          s1: {roles: [web]}
        services:
          good: {directory: site, role: web, web: ., roll-out: {watch: 500ms}}
          whole: {directory: ., role: web, web: site, roll-out: {watch: 500ms}}
          hooked: {git: "{{{Directory}}}/plain", role: web, web: ., roll-out: {watch: 500ms}}
        {{{more}}}
        load-balancers:
          edge: {role: web, listen: 8080}
        routes:
          good: {to: good, match: "*"}
        """;

    private async Task GitAsync(params string[] arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = Directory, UseShellExecute = false })!;
        await git.WaitForExitAsync();
        Assert.Equal(0, git.ExitCode);
    }
}

public sealed class BadInputTests(BadInputFixture bad) : IClassFixture<BadInputFixture>
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    /// <summary>Each bad service, and words that its deployment's end must hold.</summary>
    private static readonly ImmutableSortedDictionary<string, (string Keys, string Says)> Services = new Dictionary<string, (string, string)>
    {
        ["no-branch"] = ("git: '${r}/plain', branch: mian, web: .", "Did you mean \"main\"?"),
        ["no-repository"] = ("git: '${r}/nowhere', web: .", "There is no repository there. Check the URL."),
        ["empty"] = ("git: '${r}/empty', web: .", "is empty. Push a commit to it."),
        ["unreachable"] = ("git: 'https://127.0.0.1:9/x.git', web: .", "cannot be reached from the controller. Check the URL"),
        ["build-never-ends"] = ("git: '${r}/plain', web: ., build: {run: 'sleep 9999', time-limit: 2s}", "did not end within 2 s and was stopped. Raise build.time-limit"),
        ["build-fills-disk"] = ("git: '${r}/plain', web: ., build: {run: 'cat /dev/zero >f', disk: 5MiB}", "5 MiB"),
        ["build-forks"] = ("git: '${r}/plain', web: ., build: {run: 'f() { sleep 98704 & f & f; }; f', processes: 32, time-limit: 20s}", "more than 32 processes and was stopped"),
        ["never-binds"] = ("git: '${r}/plain', run: 'exec sleep 9999', check: {start-within: 2s}", "it must listen at the address and port in HOST and PORT"),
        ["hangs"] = ("git: '${r}/plain', run: 'exec python3 hang.py', build: {run: 'echo \"import os,socket,time; s=socket.socket(); s.bind((os.environ[chr(72)+chr(79)+chr(83)+chr(84)],int(os.environ[chr(80)+chr(79)+chr(82)+chr(84)]))); s.listen(); time.sleep(9999)\" >hang.py'}, check: {http: /, start-within: 3s, every: 300ms, timeout: 300ms}", "GET / got no answer within 0.3 s"),
    }.ToImmutableSortedDictionary(s => s.Key, s => s.Value);

    [Fact]
    public async Task Every_bad_service_ends_with_its_reason_and_the_good_one_serves_all_the_time()
    {
        var lines = Services.Select(s => $"  {s.Key}: {{role: web, {s.Value.Keys.Replace("${r}", bad.Directory, StringComparison.Ordinal)}}}");
        await File.WriteAllTextAsync(Path.Combine(bad.Directory, "more.yaml"), bad.Yaml(string.Join('\n', lines)), Ct);
        using var client = new HttpClient { BaseAddress = await BalancerAsync(), Timeout = TimeSpan.FromSeconds(5) };
        var applied = await Executable.RunAsync(bad.Directory, "apply", "more.yaml", "--yes");
        Assert.True(applied.ExitCode == 0, applied.Errors);

        var ended = new Dictionary<string, string>(StringComparer.Ordinal);
        await UpFixture.UntilAsync(async () =>
        {
            Assert.Equal("good\n", await client.GetStringAsync("/", Ct));
            using var services = JsonDocument.Parse((await Executable.RunAsync(bad.Directory, "services", "--json")).Output);
            foreach (var service in services.RootElement.EnumerateArray())
            {
                if (service.GetProperty("zones")[0].TryGetProperty("deployment", out var deployment) && deployment.GetProperty("ended").GetBoolean())
                    ended[service.GetProperty("name").GetString()!] = deployment.GetProperty("sentence").GetString()!;
            }

            return Services.Keys.All(ended.ContainsKey);
        });

        Assert.All(Services, s => Assert.Contains(s.Value.Says, ended[s.Key], StringComparison.Ordinal));
        var back = await Executable.RunAsync(bad.Directory, "undo");
        Assert.True(back.ExitCode == 0, back.Errors);
    }

    [Fact]
    public async Task A_second_up_controller_or_agent_is_refused_and_the_first_goes_on()
    {
        var home = Path.Combine(bad.Directory, ".opencluster");
        var up = await Executable.RunAsync(bad.Directory, "up", "cluster.yaml");
        Assert.Equal(2, up.ExitCode);
        Assert.Contains("is up already, kept by process", up.Errors, StringComparison.Ordinal);
        Assert.Contains("opencluster apply FILE", up.Errors, StringComparison.Ordinal);
        var down = await Executable.RunAsync(bad.Directory, "down");
        Assert.Contains("is up already, kept by process", down.Errors, StringComparison.Ordinal);

        var controller = await Executable.RunAsync(bad.Directory, "controller", "--directory", Path.Combine(home, "controller"), "--port", "0");
        Assert.Equal(1, controller.ExitCode);
        Assert.Contains("is in use by process", controller.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await Executable.RunAsync(bad.Directory, "status")).ExitCode);
    }

    [Fact]
    public async Task A_directory_with_the_cluster_in_it_is_packed_without_that()
    {
        await UpFixture.UntilAsync(async () => (await Executable.RunAsync(bad.Directory, "instances", "whole", "--json")).Output.Contains("\"phase\":\"ready\"", StringComparison.OrdinalIgnoreCase));
        using var releases = JsonDocument.Parse((await Executable.RunAsync(bad.Directory, "releases", "whole", "--json")).Output);
        var unpacked = Path.Combine(bad.Directory, ".opencluster", "servers", "s1", "releases", releases.RootElement[0].GetProperty("id").GetString()!);
        Assert.Contains("site", System.IO.Directory.GetFileSystemEntries(unpacked).Select(Path.GetFileName));
        Assert.Empty(System.IO.Directory.GetFileSystemEntries(unpacked, ".opencluster", SearchOption.AllDirectories));
        Assert.Empty(System.IO.Directory.GetFileSystemEntries(unpacked, ".git", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Webhooks_that_are_forged_or_huge_are_refused_and_the_same_one_twice_changes_nothing()
    {
        using var webhook = JsonDocument.Parse((await Executable.RunAsync(bad.Directory, "webhook", "hooked", "--json")).Output);
        using var context = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(bad.Directory, ".opencluster", "context.json"), Ct));
        var url = new Uri(new Uri(context.RootElement.GetProperty("url").GetString()!), webhook.RootElement.GetProperty("path").GetString());
        var secret = webhook.RootElement.GetProperty("secret").GetString()!;
        var body = """{"ref":"refs/heads/main"}"""u8.ToArray();

        var forged = await PushAsync(url, body, "a guess");
        Assert.Equal(HttpStatusCode.Unauthorized, forged.Status);
        Assert.Contains("opencluster webhook SERVICE", forged.Text, StringComparison.Ordinal);
        var huge = await PushAsync(url, new byte[100 << 20], secret);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, huge.Status);
        Assert.Contains("A webhook of 100 MiB is more than", huge.Text, StringComparison.Ordinal);

        // A release still being built would differ by its own progress.
        var before = "";
        await UpFixture.UntilAsync(async () => (before = await ReleasesAsync()).Contains("\"ready\"", StringComparison.Ordinal));
        for (var i = 0; i < 2; i++) Assert.Equal(HttpStatusCode.OK, (await PushAsync(url, body, secret)).Status);
        Assert.Equal(before, await ReleasesAsync());
    }

    private async Task<(HttpStatusCode Status, string Text)> PushAsync(Uri url, byte[] body, string secret)
    {
        using var client = TrustingClient.For(bad.Directory);
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        // So that the refusal can be read before the body is sent, as curl and the git hosts do.
        request.Headers.ExpectContinue = true;
        request.Headers.Add("X-GitHub-Event", "push");
        request.Headers.Add("X-Hub-Signature-256", "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body)));
        using var answer = await client.SendAsync(request, Ct);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    private async Task<string> ReleasesAsync() => (await Executable.RunAsync(bad.Directory, "releases", "hooked", "--json")).Output;

    private async Task<Uri> BalancerAsync()
    {
        using var status = JsonDocument.Parse((await Executable.RunAsync(bad.Directory, "status", "--json")).Output);
        return new Uri(status.RootElement.GetProperty("balancers")[0].GetProperty("urls")[0].GetString()!);
    }
}
