using OpenCluster.Decisions.Registrations;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Tests.Registrations;

public sealed class RegisteredTargetsTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Who_registers_the_whole_route_joins_its_static_targets()
    {
        var routes = Some.Snapshot.Routes.SetItem(0, Some.Snapshot.Routes[0] with { Targets = [new Target { Id = "i-1", Address = "10.0.0.5", Port = 80 }] });
        var served = RegisteredTargets.Into(Some.Snapshot with { Routes = routes }, [Some.Registration("reg-1")]);
        Assert.Equal(["i-1", "reg-1"], served.Routes.Single(r => r.Id == "route-1").Targets.Select(t => t.Id));
    }

    [Fact]
    public void A_path_is_served_under_every_name_of_the_route_and_only_the_routes_part_is_taken_off()
    {
        var served = RegisteredTargets.Into(Some.Snapshot, [Some.Registration("reg-1", paths: "/orders")]);
        var added = served.Routes.Single(r => r.Targets.Length > 0);
        Assert.Equal([("shop.example.org", "/orders", ""), ("example.org", "/shop/orders", "/orders")], added.Matches.Select(m => (m.Host, m.Path, m.Rewrite)));
        Assert.Equal("shop/orders", added.Name);
    }

    [Fact]
    public void Versions_of_those_who_hold_a_path_are_told_apart_as_releases_are()
    {
        Registration[] live =
        [
            Some.Registration("reg-1", paths: "/orders") with { Version = "1.10.0", Incompatible = true }, Some.Registration("reg-2", paths: "/orders") with { Version = "1.9.0" },
            Some.Registration("reg-3", paths: "/orders"), Some.Registration("reg-4", paths: "/other") with { Version = "42" },
        ];
        var served = RegisteredTargets.Into(Some.Snapshot, live);
        Assert.Equal([("reg-1", 2, true), ("reg-2", 1, false), ("reg-3", 0, false)], served.Routes.Single(r => r.Name == "shop/orders").Targets.Select(t => (t.Id, t.Release, t.Incompatible)));
        Assert.Equal(42, served.Routes.Single(r => r.Name == "shop/other").Targets.Single().Release);
    }

    [Fact]
    public void A_dynamic_route_answers_only_for_what_was_registered()
    {
        Assert.DoesNotContain(RegisteredTargets.Into(Some.Snapshot, []).Routes, r => r.Id == "route-3");
        var served = RegisteredTargets.Into(Some.Snapshot, [Some.Registration("reg-1", paths: "/a") with { Route = "route-3", Hosts = ["new.example.net"] }]);
        Assert.Equal(new RouteMatch("new.example.net", "/a").Place(), Assert.Single(served.Routes.Single(r => r.Targets.Length > 0).Matches).Place());
    }

    [Fact]
    public void Of_two_claims_made_apart_the_older_is_served_and_the_newer_is_reported()
    {
        Registration[] live = [Some.Registration("reg-1", app: "new", token: "n", since: Start.AddSeconds(5), paths: "/orders"), Some.Registration("reg-2", app: "old", token: "o", since: Start, paths: "/orders")];
        Assert.Equal("reg-2", Assert.Single(RegisteredTargets.Into(Some.Snapshot, live).Routes.Single(r => r.Targets.Length > 0).Targets).Id);
        var conflict = Assert.Single(new ClaimTable(live).Conflicts());
        Assert.Equal(("old", "new"), (conflict.Holder.App, conflict.Loser.App));
    }

    [Fact]
    public void What_the_file_has_since_given_to_a_route_is_taken_from_the_app()
    {
        var sites = Some.Snapshot.Sites.Add(new Site { Route = "route-9", Name = "orders", Matches = [new RouteMatch("shop.example.org", "/orders")] });
        Assert.DoesNotContain(RegisteredTargets.Into(Some.Snapshot with { Sites = sites }, [Some.Registration("reg-1", paths: "/orders")]).Routes, r => r.Targets.Length > 0);
    }

    [Fact]
    public void Each_target_is_checked_by_one_balancer_and_by_another_when_that_one_goes()
    {
        string[] balancers = ["lb-1", "lb-2", "lb-3"];
        string[] targets = [.. Enumerable.Range(0, 300).Select(i => $"reg-{i}")];
        static string Checker(string target, string[] present) => CheckDuty.Of(target, present);
        var before = targets.ToDictionary(t => t, t => Checker(t, balancers));
        Assert.All(balancers, b => Assert.InRange(before.Values.Count(c => c == b), 60, 140));
        Assert.All(targets, t => Assert.True(before[t] == "lb-2" || before[t] == Checker(t, ["lb-1", "lb-3"])));
    }
}
