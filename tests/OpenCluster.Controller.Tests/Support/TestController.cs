using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Access;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Store;
using OpenCluster.Store.Embedded;
using OpenCluster.Trust.Certificates;
using OpenCluster.Trust.Tls;

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

    /// <summary>Called before each event is decided, from the next start on; what it throws counts as thrown by the decision.</summary>
    public Action<ClusterEvent>? Fault { get; set; }

    /// <summary>What else its web server's services hold, from the next start on.</summary>
    public Action<IServiceCollection>? AddServices { get; set; }

    public IServiceProvider Services => _host!.Services;

    /// <summary>Ends when the controller may not go on.</summary>
    public Task Working => _host!.Working;

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

    public string JoinToken(string server) => _bootstrap.Agents[server];

    public RootBundle Roots => RootBundle.Parse(File.ReadAllText(Path.Combine(State, "trust", "roots.pem")));

    /// <summary>A client with another token; null for none.</summary>
    public ApiClient Client(string? token) => new(Url, token, TimeProvider.System, new Credentials(Roots).Itself);

    /// <summary>The same as plain HTTP client.</summary>
    public HttpClient Http(string? token = null)
    {
        var http = Connections.Client(Url, TimeProvider.System, new Credentials(Roots).Itself);
        if (token is not null) http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return http;
    }

    /// <summary>As the agent of a server: joins by its token at the first call, and has its certificate from then on.</summary>
    public async Task<HttpClient> HttpAsync(string server)
    {
        var http = Connections.Client(Url, TimeProvider.System, await JoinedAsync(server));
        http.DefaultRequestHeaders.Add(MachineMark.Header, MachineOf(server).ToString());
        return http;
    }

    /// <summary>As the agent of a server.</summary>
    public async Task<ApiClient> AgentClientAsync(string server) => new(Url, null, TimeProvider.System, await JoinedAsync(server), MachineOf(server));

    /// <summary>A whole agent; by the time it has another name, give that too.</summary>
    public async Task<FakeAgent> AgentAsync(string server, string? called = null) => new(await AgentClientAsync(server), called ?? server);

    public static MachineMark MachineOf(string server) => new("machine-" + server, "boot-1");

    public CredentialFiles FilesOf(string server) => new(_directory.In(Path.Combine("agents", server)));

    private async Task<Func<Credentials>> JoinedAsync(string server)
    {
        var files = FilesOf(server);
        if (!files.Exist) await JoinAsync(server, JoinToken(server));
        return files.Read;
    }

    public async Task JoinAsync(string server, string token, MachineMark? machine = null)
    {
        await Joining.JoinAsync(new JoinLine(Url, token, Roots.Fingerprint), FilesOf(server), machine ?? MachineOf(server), TimeProvider.System, TestContext.Current.CancellationToken);
    }

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
            new ControllerOptions
            {
                Directory = State,
                Port = _port,
                BootstrapFile = _directory.In("bootstrap.json"),
                Fault = happened => Fault?.Invoke(happened),
                Services = AddServices,
            },
            _time,
            TestContext.Current.CancellationToken);
        _port = _host.Url.Port;
        Admin = Client(AdminToken);
    }

    /// <summary>Changes a stored document while no controller runs, as a mistake of an earlier one might have left it.</summary>
    /// <returns>What it was before.</returns>
    public async Task<string> RewriteAsync(string key, Func<string, string> change)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var store = EmbeddedStore.Open(Path.Combine(State, "store"), new EmbeddedStoreOptions { Time = _time });
        var before = Encoding.UTF8.GetString((await store.GetAsync(key, ct))!.Value.Span);
        var after = change(before);
        Assert.NotEqual(before, after);
        await store.CommitAsync(new Transaction().Put(key, Encoding.UTF8.GetBytes(after)), ct);
        return before;
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null) await StopAsync();
        _directory.Dispose();
    }
}
