using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using OpenCluster.Api.Access;
using OpenCluster.LoadBalancer.Registration;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Registration;

/// <summary>Some load-balancers in this process that are registrars and each other's peers, on loopback.</summary>
internal sealed class TestRegistrars : IAsyncDisposable
{
    public const string ShopToken = "oc_shop-token-of-the-tests";
    public const string OtherToken = "oc_other-token-of-the-tests";
    public const string SitesToken = "oc_sites-token-of-the-tests";
    public const string SitesKey = "oc_sites-key-of-the-tests";
    public const string BrokerToken = "oc_broker-token-of-the-tests";

    private readonly string _directory = Directory.CreateTempSubdirectory("oc-reg-").FullName;
    private readonly List<One> _all = [];

    public One this[int index] => _all[index];

    public static async Task<TestRegistrars> StartAsync(int count)
    {
        var all = new TestRegistrars();
        for (var i = 0; i < count; i++) all.Add($"lb-{i + 1}");
        all.Introduce();
        if (count > 1)
            await Until.TrueAsync(() => all._all.All(o => o.Host.Peers.Views.Length == count - 1 && o.Host.Peers.Views.All(v => v.IsPresent)), "the balancers to find each other");
        return all;
    }

    /// <summary>A balancer of the same directory as one before, so of the same key and with the same leases.</summary>
    public void Add(string name)
    {
        var directory = Path.Combine(_directory, name);
        Directory.CreateDirectory(directory);
        _all.Add(new One(name, directory));
    }

    /// <summary>Tells every balancer of all of them, as a snapshot does.</summary>
    public void Introduce(ImmutableArray<BrokeredEndpoint> endpoints = default, params AppToken[] more)
    {
        ImmutableArray<Peer> peers = [.. _all.Where(o => !o.IsDead).Select(o => o.Peer)];
        foreach (var one in _all.Where(o => !o.IsDead)) one.Use(peers, endpoints.IsDefault ? [] : endpoints, more);
    }

    /// <summary>Ends one as kill -9 does: nothing is written, nobody is told.</summary>
    public async Task KillAsync(int index) => await _all[index].DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var one in _all.Where(o => !o.IsDead)) await one.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    internal sealed class One : IAsyncDisposable
    {
        private readonly TimeKeeper _keeper = new(TimeProvider.System);
        private readonly HttpClient _http = new();
        private long _revision;

        public One(string name, string directory)
        {
            Name = name;
            WebPort = TestBalancer.FreePort();
            ApiPort = TestBalancer.FreePort();
            Balancer = new Balancer(log: null, _keeper);
            Host = RegistrarHost.Start(Balancer, new LoadBalancerOptions { Directory = directory, InstanceId = name }, _ => { });
        }

        public string Name { get; }
        public int WebPort { get; }
        public int ApiPort { get; }
        public Balancer Balancer { get; }
        public RegistrarHost Host { get; }
        public bool IsDead { get; private set; }

        public Peer Peer => new() { Balancer = Name, Address = "127.0.0.1", Port = Host.Address.Port, Fingerprint = Host.Address.Fingerprint, Registrars = [$"127.0.0.1:{ApiPort}"] };

        public void Use(ImmutableArray<Peer> peers, ImmutableArray<BrokeredEndpoint> endpoints, params AppToken[] more)
        {
            ImmutableArray<RouteMatch> shop = [new RouteMatch("shop.example.org") { Except = ["/internal"] }, new RouteMatch("example.org", "/shop") { Strip = true }];
            ImmutableArray<RouteMatch> api = [new RouteMatch("shop.example.org", "/api")];
            var rules = new RouteRules { WaitFor = TimeSpan.Zero, SlowStart = TimeSpan.Zero, Retries = 2 };
            var snapshot = new BalancerSnapshot
            {
                Balancer = Name,
                Cluster = "test",
                Revision = ++_revision,
                Listeners = [new Listener("web", WebPort, Address: "127.0.0.1"), new Listener("apps", ApiPort, ListenerProtocol.Registrations, "127.0.0.1")],
                Routes =
                [
                    new RoutePlan { Id = "route-1", Name = "shop", Kind = RouteKind.LimitedDynamic, Matches = shop, Rules = rules },
                    new RoutePlan { Id = "route-2", Name = "api", Matches = api, Rules = rules },
                    new RoutePlan { Id = "route-3", Name = "sites", Kind = RouteKind.Dynamic, Matches = [new RouteMatch("*")], Rules = rules },
                ],
                Sites =
                [
                    new Site { Route = "route-1", Name = "shop", Kind = RouteKind.LimitedDynamic, Matches = shop },
                    new Site { Route = "route-2", Name = "api", Matches = api },
                    new Site { Route = "route-3", Name = "sites", Kind = RouteKind.Dynamic, Matches = [new RouteMatch("*")] },
                ],
                Peers = peers,
                Endpoints = endpoints,
                AppTokens =
                [
                    new AppToken { Name = "shop-app", Hash = Token.HashOf(ShopToken), Route = "route-1" },
                    new AppToken { Name = "other-app", Hash = Token.HashOf(OtherToken), Route = "route-1" },
                    new AppToken { Name = "sites-app", Hash = Token.HashOf(SitesToken), KeyHash = Token.HashOf(SitesKey), Route = "route-3" },
                    new AppToken { Name = "asking", Hash = Token.HashOf(BrokerToken), Endpoints = ["orders", "db", "mail"] },
                    .. more,
                ],
            };
            Assert.True(Balancer.Apply(snapshot), Balancer.Refused);
        }

        public async Task<(int Status, JsonObject? Body, string? Url)> SendAsync(HttpMethod method, string path, object? body = null, string? token = ShopToken, string? key = null)
        {
            using var request = new HttpRequestMessage(method, $"http://127.0.0.1:{ApiPort}{path}");
            if (token is not null) request.Headers.Add("Authorization", "Bearer " + token);
            if (key is not null) request.Headers.Add("OpenCluster-Key", key);
            if (body is not null) request.Content = new StringContent(body as string ?? ((JsonNode)body).ToJsonString(), Encoding.UTF8, "application/json");
            using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
            var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            return ((int)answer.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text)!.AsObject() : null, answer.Headers.Location?.ToString());
        }

        public Task<(int Status, JsonObject? Body, string? Url)> RegisterAsync(JsonObject body, string token = ShopToken, string? key = null) =>
            SendAsync(HttpMethod.Post, "/v1/registrations", body, token, key);

        /// <summary>Status and body of a customer's request.</summary>
        public async Task<(int Status, string Body)> GetAsync(string path, string host = "shop.example.org")
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{WebPort}{path}");
            request.Headers.Host = host;
            using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        public async ValueTask DisposeAsync()
        {
            IsDead = true;
            await Balancer.DisposeAsync();
            await Host.DisposeAsync();
            _keeper.Dispose();
            _http.Dispose();
        }
    }
}
