using System.Collections.Immutable;
using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Access;

namespace OpenCluster.Controller.Tests.Support;

/// <summary>A real controller on a free loopback port, with its store in a directory of its own; can be stopped and started again.</summary>
internal sealed class TestController : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Bootstrap _bootstrap;
    private readonly TimeProvider _time;
    private ControllerHost? _host;
    private int _port;

    private TestController(Bootstrap bootstrap, TimeProvider time) => (_bootstrap, _time) = (bootstrap, time);

    public string State => _directory.In("state");
    public string Work => _directory.Path;
    public Uri Url => _host!.Url;
    public ApiClient Admin { get; private set; } = null!;
    public string AdminToken => _bootstrap.Admin!;

    public static async Task<TestController> StartAsync(params string[] servers) => await StartAsync(TimeProvider.System, servers);

    public static async Task<TestController> StartAsync(TimeProvider time, params string[] servers)
    {
        var bootstrap = new Bootstrap
        {
            Admin = Bootstrap.NewToken(),
            Agents = servers.ToImmutableSortedDictionary(s => s, _ => Bootstrap.NewToken()),
        };
        var controller = new TestController(bootstrap, time);
        bootstrap.Write(controller._directory.In("bootstrap.json"));
        await controller.StartAgainAsync();
        return controller;
    }

    public string AgentToken(string server) => _bootstrap.Agents[server];

    /// <summary>A client with another token; null for none.</summary>
    public ApiClient Client(string? token) => new(Url, token, TimeProvider.System);

    public async Task<ApiClient> ClientAsync(TokenRole role) =>
        Client((await Admin.NewTokenAsync(new TokenRequest($"test-{role}".ToLowerInvariant(), role), TestContext.Current.CancellationToken)).Token);

    public async Task StopAsync()
    {
        Admin.Dispose();
        await _host!.DisposeAsync();
        _host = null;
    }

    public async Task StartAgainAsync()
    {
        _host = await ControllerHost.StartAsync(
            new ControllerOptions { Directory = State, Port = _port, BootstrapFile = _directory.In("bootstrap.json") }, _time, TestContext.Current.CancellationToken);
        _port = _host.Url.Port;
        Admin = Client(AdminToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null) await StopAsync();
        _directory.Dispose();
    }
}
