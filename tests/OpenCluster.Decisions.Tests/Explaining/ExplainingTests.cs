using System.Net;
using OpenCluster.Decisions.Explaining;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Tests.Explaining;

public sealed class ExplainingTests
{
    private static readonly BalancerSnapshot Snapshot = new()
    {
        Balancer = "lb-1",
        Cluster = "shop",
        Location = "dc.hall1",
        Listeners = [new Listener("http", 80, Address: "127.0.0.1")],
        Routes =
        [
            new RoutePlan
            {
                Id = "rt-1",
                Name = "api",
                Matches = [new RouteMatch("joebarry.com", "/api") { Strip = true }, new RouteMatch("api.joebarry.com")],
                Rules = new RouteRules { Admit = new AdmissionRule { NotFrom = ["192.0.2.66"] } },
                Targets = [Target("a", "dc.hall1"), Target("b", "dc.hall1"), Target("c", "hq")],
            },
            new RoutePlan { Id = "rt-2", Name = "apex", Matches = [new RouteMatch("joebarry.com")], Redirect = new Redirect("https://www.joebarry.com", 301) },
        ],
    };

    [Fact]
    public void A_request_goes_to_the_near_targets_that_are_up_and_sees_its_path_as_they_do()
    {
        var explained = Explain("joebarry.com", "/api/x?y=1", Up("a"), Up("b"), Up("c"));
        Assert.Equal(("api", 0), (explained.Route, explained.Status));
        Assert.Contains("Its instances see /x?y=1.", explained.Steps);
        Assert.Equal([0.5, 0.5, 0], explained.Targets.Select(t => t.Share));
        Assert.Contains("do not suffice", explained.Targets[2].Why, StringComparison.Ordinal);
    }

    [Fact]
    public void When_the_near_ones_are_down_the_far_one_has_it_all()
    {
        var explained = Explain("api.joebarry.com", "/x", Down("a", "it refused the connection"), Down("b", "silent"), Up("c"));
        Assert.Equal([0, 0, 1], explained.Targets.Select(t => t.Share));
        Assert.Equal("down: it refused the connection", explained.Targets[0].Why);
    }

    [Fact]
    public void Without_a_target_it_waits_and_fails()
    {
        var explained = Explain("api.joebarry.com", "/x");
        Assert.Equal(503, explained.Status);
        Assert.Contains(explained.Steps, s => s.Contains("waits up to 5 s", StringComparison.Ordinal));
    }

    [Fact]
    public void Who_is_not_let_in_is_told_why()
    {
        var explained = Explaining(new AskedRequest { From = IPAddress.Parse("192.0.2.66"), Port = 80, Host = "api.joebarry.com", Target = "/" });
        Assert.Equal(("api", 403), (explained.Route, explained.Status));
        Assert.Contains("Not let in (address): 403.", explained.Steps);
    }

    [Fact]
    public void Apps_that_registered_are_among_the_targets()
    {
        var snapshot = Snapshot with { Routes = [Snapshot.Routes[0] with { Kind = RouteKind.LimitedDynamic, Targets = [] }] };
        var report = new BalancerReport { Balancer = "lb-1", Registrations = 3, Apps = [App("reg-1", "/orders"), App("reg-2", "")], Targets = [Up("reg-1"), Up("reg-2")] };
        var explained = Decisions.Explaining.Explaining.Explain(
            snapshot, report, new AskedRequest { From = IPAddress.Loopback, Port = 80, Host = "joebarry.com", Target = "/api/orders/7" }, DateTimeOffset.UnixEpoch.AddDays(30));
        Assert.Equal(("api/orders", 0), (explained.Route, explained.Status));
        Assert.Equal(("reg-1", 1.0), (explained.Targets.Single().Id, explained.Targets.Single().Share));
        Assert.Contains("Its instances see /orders/7.", explained.Steps);
        Assert.Contains("1 of 3 apps that registered are left out.", explained.Steps);
    }

    [Theory]
    [InlineData("joebarry.com", 80, "apex", 301)]
    [InlineData("other.com", 80, "", 404)]
    [InlineData("joebarry.com", 81, "", 0)]
    public void Redirects_strangers_and_ports_that_nobody_listens_at_are_told(string host, int port, string route, int status)
    {
        var explained = Explaining(new AskedRequest { From = IPAddress.Loopback, Port = port, Host = host, Target = "/" });
        Assert.Equal((route, status), (explained.Route, explained.Status));
    }

    private static Registration App(string id, string path) => new()
    {
        Id = id,
        Secret = "",
        Token = "t",
        TokenId = "t",
        App = "app",
        Instance = id,
        Route = "rt-1",
        Address = "127.0.0.1",
        Port = 8080,
        Paths = [path],
        Location = "dc.hall1",
    };

    private static Explanation Explain(string host, string target, params TargetReport[] seen) =>
        Explaining(new AskedRequest { From = IPAddress.Loopback, Port = 80, Host = host, Target = target }, seen);

    private static Explanation Explaining(AskedRequest request, params TargetReport[] seen) =>
        Decisions.Explaining.Explaining.Explain(Snapshot, new BalancerReport { Balancer = "lb-1", Targets = [.. seen] }, request, DateTimeOffset.UnixEpoch.AddDays(30));

    private static Target Target(string id, string location) => new() { Id = id, Address = "127.0.0.1", Port = 1, Location = location };

    private static TargetReport Up(string id) => new() { Id = id, State = TargetState.Up };

    private static TargetReport Down(string id, string reason) => new() { Id = id, State = TargetState.Down, Reason = reason };
}
