using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using OpenCluster.Model;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Client.Tests.Support;

/// <summary>A load-balancer as users have it, a process of its own, with a snapshot on disk and no controller.</summary>
internal sealed class BalancerProcess : IAsyncDisposable
{
    public const string Token = "oc_token-of-the-tests";
    public const string OtherToken = "oc_another-token-of-the-tests";

    private readonly string _directory = Directory.CreateTempSubdirectory("opencluster-client-").FullName;
    private readonly HttpClient _http = new();
    private Process? _process;

    private BalancerProcess() { }

    public int WebPort { get; } = FreePort();
    public int ApiPort { get; } = FreePort();
    public Uri Api => new($"http://127.0.0.1:{ApiPort}");

    /// <param name="database">Port of an endpoint "db" that others run; 0 for none.</param>
    public static async Task<BalancerProcess> StartAsync(int database = 0)
    {
        var balancer = new BalancerProcess();
        var matches = new RouteMatch("shop.example.org");
        var snapshot = new BalancerSnapshot
        {
            Balancer = "lb-1",
            Cluster = "test",
            Revision = 1,
            Listeners = [new Listener("web", balancer.WebPort, Address: "127.0.0.1"), new Listener("apps", balancer.ApiPort, ListenerProtocol.Registrations, "127.0.0.1")],
            Routes = [new RoutePlan { Id = "route-1", Name = "shop", Kind = RouteKind.LimitedDynamic, Matches = [matches], Rules = new RouteRules { WaitFor = TimeSpan.Zero, SlowStart = TimeSpan.Zero } }],
            Sites = [new Site { Route = "route-1", Name = "shop", Kind = RouteKind.LimitedDynamic, Matches = [matches] }],
            Endpoints = database == 0 ? [] : [new BrokeredEndpoint { Name = "db", Protocol = "postgres", User = "app", Places = [new BrokeredPlace("ep-1", "127.0.0.1", database)] }],
            AppTokens =
            [
                new AppToken { Name = "app", Hash = HashOf(Token), Route = "route-1", Endpoints = ["db", "orders"] },
                new AppToken { Name = "other", Hash = HashOf(OtherToken), Route = "route-1" },
            ],
        };
        await File.WriteAllBytesAsync(Path.Combine(balancer._directory, "snapshot.json"), JsonSerializer.SerializeToUtf8Bytes(snapshot, ModelJson.Default.BalancerSnapshot));
        await balancer.StartAgainAsync();
        return balancer;
    }

    /// <summary>In the same directory, as its agent does after its death.</summary>
    public async Task StartAgainAsync()
    {
        _process = Process.Start(new ProcessStartInfo(Path.Combine(Root(), "opencluster"), ["load-balancer", "--directory", _directory, "--instance", "lb-1"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        _ = _process.StandardError.ReadToEndAsync();
        _ = _process.StandardOutput.ReadToEndAsync();
        await Until.TrueAsync(async () => await StatusAsync(new Uri(Api, "/healthz"), null) == 200, "the load-balancer to answer");
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process!.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Status and body of a customer's request.</summary>
    public async Task<(int Status, string Body)> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{WebPort}{path}") { Headers = { Host = "shop.example.org" } };
        using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public Task ServesAsync(string path, string body) => Until.TrueAsync(async () => await GetAsync(path) == (200, body), $"{path} to be answered by {body}");

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await KillAsync();
        _http.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<int> StatusAsync(Uri url, string? host)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { Host = host } };
            using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
            return (int)answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }

    private static string HashOf(string token) => OpenCluster.Api.Access.Token.HashOf(token);

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "OpenCluster.slnx"))) directory = directory.Parent!;
        return directory.FullName;
    }
}
