using OpenCluster.Decisions.Registrations;
using OpenCluster.Model.Balancing;

namespace OpenCluster.Decisions.Tests.Registrations;

public sealed class RegisteringTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private RegistrationBook _book = RegistrationBook.Empty;

    private string? Register(AppToken token, RegistrationRequest request, bool hasKey = false, string from = "10.0.0.9", BalancerSnapshot? snapshot = null, int at = 0, string secret = "s1")
    {
        var answer = Registering.Register(_book, request, Some.Caller(token, hasKey, from), snapshot ?? Some.Snapshot, secret, Now.AddSeconds(at));
        _book = answer.Book;
        return answer.Problem?.Code;
    }

    private string? Renew(AppToken token, string secret = "s1", int at = 0, string holder = "lb-1")
    {
        var answer = Registering.Renew(_book, _book.Leases.Keys.Single(), secret, Some.Caller(token), holder, Now.AddSeconds(at));
        _book = answer.Book;
        return answer.Problem?.Code;
    }

    [Fact]
    public void An_app_that_gives_only_a_port_is_registered_for_the_whole_route_at_the_address_it_asks_from()
    {
        Assert.Null(Register(Some.ShopToken, new RegistrationRequest { Port = 8080 }));
        var made = Assert.Single(_book.Live(Now));
        Assert.Equal(("10.0.0.9", 8080, "dc", "shop-app"), (made.Address, made.Port, made.Location, made.App));
        Assert.Equal("", Assert.Single(made.Paths));
    }

    [Theory]
    [InlineData("orders")]
    [InlineData("/a/../b")]
    [InlineData("/a/./b")]
    [InlineData("/%2e%2e/b")]
    [InlineData("/a//b")]
    [InlineData("//evil.example.org/")]
    [InlineData("/a?b")]
    [InlineData("/a#b")]
    [InlineData("/a\\b")]
    [InlineData("/a;b")]
    [InlineData("/ä")]
    [InlineData("/a b")]
    [InlineData("/a\r\nb")]
    [InlineData("")]
    public void A_path_that_could_be_read_in_two_ways_is_refused(string path) => Assert.Equal("invalid", Register(Some.ShopToken, Some.Request(path)));

    [Fact]
    public void A_path_that_another_route_of_the_file_has_is_refused_in_every_depth()
    {
        Assert.Equal("path-static", Register(Some.ShopToken, Some.Request("/api")));
        Assert.Equal("path-static", Register(Some.ShopToken, Some.Request("/api/")));
        Assert.Equal("path-static", Register(Some.ShopToken, Some.Request("/orders", "/api/v1/x")));
        Assert.Null(Register(Some.ShopToken, Some.Request("/apis")));
    }

    [Fact]
    public void A_path_that_is_taken_out_of_the_route_is_refused() => Assert.Equal("path-excepted", Register(Some.ShopToken, Some.Request("/internal/x")));

    [Fact]
    public void A_limited_token_chooses_no_site() => Assert.Equal("invalid", Register(Some.ShopToken, Some.Request("/orders") with { Hosts = ["other.example.org"] }));

    [Fact]
    public void A_token_for_a_static_route_registers_nothing() => Assert.Equal("route-static", Register(Some.ApiToken, Some.Request("/x")));

    [Fact]
    public void Any_site_takes_the_key_as_well_as_the_token()
    {
        var wanted = Some.Request() with { Hosts = ["new.example.net"] };
        Assert.Equal("key-missing", Register(Some.SitesToken, wanted));
        Assert.Null(Register(Some.SitesToken, wanted, hasKey: true));
    }

    [Theory]
    [InlineData("shop.example.org", "/api/x", "path-static")]
    [InlineData("SHOP.example.org", "/", "path-static")]
    [InlineData("a.tenants.example.org", "/", "path-static")]
    [InlineData("a.b.tenants.example.org", "/", null)]
    [InlineData("example.org", "/other", null)]
    [InlineData("example.org", "/shop/x", "path-static")]
    [InlineData("bad host", "/", "invalid")]
    [InlineData("*", "/", "invalid")]
    public void A_site_that_the_file_gives_to_a_route_cannot_be_taken_by_an_app(string host, string path, string? code) =>
        Assert.Equal(code, Register(Some.SitesToken, Some.Request(path) with { Hosts = [host] }, hasKey: true));

    [Fact]
    public void A_second_app_may_not_take_a_path_that_another_holds()
    {
        Assert.Null(Register(Some.ShopToken, Some.Request("/orders")));
        Assert.Equal("path-taken", Register(Some.OtherToken, Some.Request("/orders/") with { Port = 9090 }));
        Assert.Equal("path-taken", Register(Some.ShopToken, Some.Request("/orders") with { App = "other", Port = 9090 }));
        Assert.Null(Register(Some.ShopToken, Some.Request("/orders") with { Instance = "second", Port = 9090 }));
        Assert.Null(Register(Some.OtherToken, Some.Request("/orders") with { Port = 9090 }, at: 31));
    }

    [Fact]
    public void Apps_that_both_say_so_share_a_path()
    {
        Assert.Null(Register(Some.ShopToken, Some.Request("/orders") with { Shared = true }));
        Assert.Null(Register(Some.OtherToken, Some.Request("/orders") with { Shared = true, Port = 9090 }));
        Assert.Equal("path-taken", Register(Some.ApiToken with { Route = "route-1" }, Some.Request("/orders") with { Port = 9091 }));
        Assert.Equal(2, new ClaimTable(_book.Live(Now)).Serving(new PathClaim("route-1", "", "/orders")).Length);
    }

    [Fact]
    public void Registering_the_same_instance_again_replaces_it_and_the_older_one_can_no_longer_renew()
    {
        Assert.Null(Register(Some.ShopToken, Some.Request("/orders"), secret: "s1"));
        Assert.Null(Register(Some.ShopToken, Some.Request("/orders"), secret: "s2", at: 5));
        Assert.Equal("registration-replaced", Renew(Some.ShopToken, "s1", at: 6));
        Assert.Null(Renew(Some.ShopToken, "s2", at: 6));
        Assert.Equal(Now, Assert.Single(_book.Live(Now.AddSeconds(6))).Since);
    }

    [Fact]
    public void A_renewal_that_is_replayed_after_the_end_brings_nothing_back()
    {
        Assert.Null(Register(Some.ShopToken, Some.Request("/orders")));
        _book = Registering.End(_book, _book.Leases.Keys.Single(), "s1", Some.Caller(Some.ShopToken), "lb-1", Now.AddSeconds(1)).Book;
        Assert.Equal("registration-unknown", Renew(Some.ShopToken, at: 2));
        Assert.Empty(_book.Live(Now.AddSeconds(2)));
    }

    [Fact]
    public void Another_token_can_neither_renew_nor_learn_that_a_registration_exists()
    {
        Assert.Null(Register(Some.ShopToken, Some.Request("/orders")));
        Assert.Equal("registration-unknown", Renew(Some.OtherToken));
        Assert.Equal("registration-unknown", Renew(Some.ShopToken, at: 31));
    }

    [Theory]
    [InlineData("10.0.0.9", null)]
    [InlineData("10.0.0.10", "address-not-allowed")]
    [InlineData("169.254.169.254", "address-not-allowed")]
    [InlineData("127.0.0.1", "address-not-allowed")]
    [InlineData("0.0.0.0", "address-not-allowed")]
    [InlineData("::ffff:169.254.169.254", "address-not-allowed")]
    [InlineData("::1", "address-not-allowed")]
    [InlineData("localhost", "invalid")]
    [InlineData("2130706433", "address-not-allowed")]
    public void Without_networks_of_the_owner_an_app_registers_its_own_address_alone(string address, string? code) =>
        Assert.Equal(code, Register(Some.ShopToken, Some.Request("/x") with { Address = address }));

    [Theory]
    [InlineData("0.0.0.0/0", "8.8.8.8", null)]
    [InlineData("0.0.0.0/0", "169.254.169.254", "address-not-allowed")]
    [InlineData("0.0.0.0/0", "127.0.0.1", "address-not-allowed")]
    [InlineData("127.0.0.0/8", "127.0.0.5", null)]
    [InlineData("169.254.169.254", "169.254.169.254", null)]
    [InlineData("10.0.0.0/8", "10.9.9.9", null)]
    [InlineData("10.0.0.0/8", "11.0.0.1", "address-not-allowed")]
    public void The_owner_widens_the_addresses_but_special_ones_only_by_naming_them(string network, string address, string? code)
    {
        var sites = Some.Snapshot.Sites.SetItem(0, Some.Snapshot.Sites[0] with { RegisterFrom = [network] });
        Assert.Equal(code, Register(Some.ShopToken, Some.Request("/x") with { Address = address }, snapshot: Some.Snapshot with { Sites = sites }));
    }

    [Fact]
    public void A_load_balancers_own_ports_cannot_be_registered()
    {
        Assert.Equal("address-not-allowed", Register(Some.ShopToken, Some.Request("/x") with { Port = 80 }, from: "10.0.0.1"));
        Assert.Equal("address-not-allowed", Register(Some.ShopToken, Some.Request("/x") with { Port = 7401 }, from: "10.0.0.1"));
        Assert.Equal("address-not-allowed", Register(Some.ShopToken, Some.Request("/x") with { Port = 7402 }, from: "10.0.0.1"));
        Assert.Null(Register(Some.ShopToken, Some.Request("/x") with { Port = 8081 }, from: "10.0.0.1"));
    }

    [Fact]
    public void On_a_laptop_every_loopback_address_is_the_clusters_own()
    {
        var laptop = Some.Snapshot with { Peers = [Some.Snapshot.Peers[0] with { Address = "127.1.2.1" }] };
        Assert.Null(Register(Some.ShopToken, Some.Request("/x") with { Address = "127.1.2.3" }, from: "127.0.0.1", snapshot: laptop));
        Assert.Equal("address-not-allowed", Register(Some.ShopToken, Some.Request("/x") with { Address = "127.1.2.3" }, from: "10.0.0.9", snapshot: laptop));
    }

    [Fact]
    public void One_token_cannot_take_the_places_of_all()
    {
        for (var i = 0; i < RegistrationBook.MostOfOneToken; i++)
            _book = _book.With(new RegistrationLease { Id = $"reg-{i}", Stamp = new LeaseStamp(1, 1, "lb-1"), Until = Now.AddSeconds(30), Registration = Some.Registration($"reg-{i}", token: new string('a', 12), paths: $"/p{i}") });
        Assert.Equal("too-many-registrations", Register(Some.ShopToken, Some.Request("/one-more")));
        Assert.Null(Register(Some.OtherToken, Some.Request("/one-more")));
    }
}
