using System.Net;
using OpenCluster.Decisions.Registrations;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Tests.Registrations;

/// <summary>A registrar's world: a shop that apps may extend, an API that is nobody's but its own, and sites that apps choose.</summary>
internal static class Some
{
    public static readonly AppToken ShopToken = new() { Name = "shop-app", Hash = new string('a', 64), Route = "route-1" };
    public static readonly AppToken OtherToken = new() { Name = "other-app", Hash = new string('b', 64), Route = "route-1" };
    public static readonly AppToken SitesToken = new() { Name = "sites-app", Hash = new string('c', 64), Route = "route-3", KeyHash = new string('d', 64) };
    public static readonly AppToken ApiToken = new() { Name = "api-app", Hash = new string('e', 64), Route = "route-2" };

    public static readonly BalancerSnapshot Snapshot = new()
    {
        Balancer = "lb-1",
        Cluster = "test",
        Location = "dc",
        Listeners = [new Listener("web", 80, Address: "10.0.0.1"), new Listener("apps", 7401, ListenerProtocol.Registrations, "10.0.0.1")],
        Peers = [new Peer { Balancer = "lb-1", Address = "10.0.0.1", Port = 7402, Fingerprint = "f1" }],
        Routes =
        [
            new RoutePlan { Id = "route-1", Name = "shop", Kind = RouteKind.LimitedDynamic, Matches = ShopMatches },
            new RoutePlan { Id = "route-2", Name = "api", Matches = [new RouteMatch("shop.example.org", "/api")] },
            new RoutePlan { Id = "route-3", Name = "sites", Kind = RouteKind.Dynamic, Matches = [new RouteMatch("*")] },
        ],
        Sites =
        [
            new Site { Route = "route-1", Name = "shop", Kind = RouteKind.LimitedDynamic, Matches = ShopMatches },
            new Site { Route = "route-2", Name = "api", Matches = [new RouteMatch("shop.example.org", "/api")] },
            new Site { Route = "route-3", Name = "sites", Kind = RouteKind.Dynamic, Matches = [new RouteMatch("*")] },
            new Site { Route = "route-4", Name = "fallback", Matches = [new RouteMatch("*")] },
            new Site { Route = "route-5", Name = "tenants", Matches = [new RouteMatch("*.tenants.example.org")] },
        ],
    };

    private static System.Collections.Immutable.ImmutableArray<RouteMatch> ShopMatches =>
        [new RouteMatch("shop.example.org") { Except = ["/internal"] }, new RouteMatch("example.org", "/shop") { Strip = true }];

    public static RegistrarCaller Caller(AppToken token, bool hasKey = false, string from = "10.0.0.9") => new(token, hasKey, IPAddress.Parse(from));

    public static RegistrationRequest Request(params string[] paths) => new() { Port = 8080, Paths = paths.Length == 0 ? ["/"] : [.. paths] };

    public static Registration Registration(string id, string app = "app", string token = "t", bool shared = false, DateTimeOffset since = default, params string[] paths) => new()
    {
        Id = id,
        Secret = "secret",
        Token = token,
        TokenId = token,
        App = app,
        Instance = id,
        Route = "route-1",
        Address = "10.0.0.9",
        Port = 8080,
        Paths = paths.Length == 0 ? [""] : [.. paths],
        Shared = shared,
        Since = since,
        Ttl = TimeSpan.FromSeconds(30),
    };
}
