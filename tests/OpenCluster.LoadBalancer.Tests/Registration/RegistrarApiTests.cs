using System.Text.Json.Nodes;
using OpenCluster.LoadBalancer.Tests.Support;

namespace OpenCluster.LoadBalancer.Tests.Registration;

/// <summary>Apps and a load-balancer by plain HTTP, as any language speaks it.</summary>
public sealed class RegistrarApiTests
{
    [Fact]
    public async Task An_app_registers_serves_and_leaves()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        await using var app = RawTarget.Answering("from the app");
        Assert.Equal(404, (await all[0].GetAsync("/orders/7", "elsewhere.example.org")).Status);

        var (status, body, url) = await all[0].RegisterAsync(new JsonObject { ["port"] = app.Port, ["paths"] = new JsonArray("/orders") });
        Assert.Equal(201, status);
        Assert.Equal(["shop.example.org/orders", "example.org/shop/orders"], body!["paths"]!.AsArray().Select(p => (string?)p));
        await ServesAsync(all[0], "/orders/7", "from the app");
        Assert.Equal((200, "from the app"), await all[0].GetAsync("/shop/orders/7", "example.org"));
        Assert.Equal("serving", (string?)(await all[0].SendAsync(HttpMethod.Get, url!)).Body!["state"]);

        Assert.Equal(204, (await all[0].SendAsync(HttpMethod.Delete, url!)).Status);
        Assert.NotEqual((200, "from the app"), await all[0].GetAsync("/orders/7"));
        Assert.Equal(404, (await all[0].SendAsync(HttpMethod.Put, url!)).Status);
    }

    [Fact]
    public async Task A_version_that_must_not_serve_beside_an_earlier_one_waits_until_that_is_gone()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        await using var old = RawTarget.Answering("old");
        await using var next = RawTarget.Answering("next");
        var (_, _, oldUrl) = await all[0].RegisterAsync(new JsonObject { ["port"] = old.Port, ["version"] = "1.9" });
        await ServesAsync(all[0], "/", "old");
        // Who was up first keeps the requests, and what came up within a second is as old.
        var upSince = all[0].Balancer.Targets.Slots.Single().Health.UpSince;
        await Until.TrueAsync(() => TimeProvider.System.GetUtcNow() - upSince > TimeSpan.FromSeconds(1.5), "the old version to be the older one");
        var (_, _, nextUrl) = await all[0].RegisterAsync(new JsonObject { ["port"] = next.Port, ["version"] = "1.10", ["incompatible"] = true });
        await Until.TrueAsync(async () => (string?)(await all[0].SendAsync(HttpMethod.Get, nextUrl!)).Body!["state"] == "serving", "the next version to be up");
        for (var i = 0; i < 10; i++) Assert.Equal((200, "old"), await all[0].GetAsync("/"));

        Assert.Equal(204, (await all[0].SendAsync(HttpMethod.Delete, oldUrl!)).Status);
        await ServesAsync(all[0], "/", "next");
    }

    [Fact]
    public async Task The_controller_is_told_of_apps_without_their_secrets_when_they_change()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        await all[0].RegisterAsync(new JsonObject { ["port"] = 9, ["paths"] = new JsonArray("/orders") });
        var told = all[0].Balancer.Report("lb-1").Apps;
        Assert.Equal(("/orders", ""), (Assert.Single(told!.Value).Paths.Single(), told.Value[0].Secret));
        Assert.Null(all[0].Balancer.Report("lb-1").Apps);
        await all[0].RegisterAsync(new JsonObject { ["port"] = 10, ["paths"] = new JsonArray("/more") });
        Assert.Equal(2, all[0].Balancer.Report("lb-1").Apps?.Length);
    }

    [Fact]
    public async Task A_target_that_fails_its_check_gets_no_request()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        await using var app = RawTarget.Answering("not ready", status: 500);
        var (status, _, url) = await all[0].RegisterAsync(new JsonObject { ["port"] = app.Port, ["check"] = new JsonObject { ["path"] = "/healthz" } });
        Assert.Equal(201, status);
        await Until.TrueAsync(() => app.Requests > 0, "the check");
        var asked = await all[0].GetAsync("/customer");
        Assert.Equal(503, asked.Status);
        Assert.Equal("down", (string?)(await all[0].SendAsync(HttpMethod.Get, url!)).Body!["state"]);
    }

    [Fact]
    public async Task A_lease_that_is_not_renewed_ends_the_traffic()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        await using var app = RawTarget.Answering("from the app");
        await all[0].RegisterAsync(new JsonObject { ["port"] = app.Port, ["paths"] = new JsonArray("/orders"), ["ttlSeconds"] = 2 });
        await ServesAsync(all[0], "/orders", "from the app");
        await Until.TrueAsync(() => all[0].Host.Registrar.Store.Live.IsEmpty, "the lease to end");
        await Until.TrueAsync(async () => (await all[0].GetAsync("/orders")).Status != 200, "the traffic to end");
    }

    [Fact]
    public async Task A_renewed_lease_lasts()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        await using var app = RawTarget.Answering("from the app");
        var (_, _, url) = await all[0].RegisterAsync(new JsonObject { ["port"] = app.Port, ["ttlSeconds"] = 2 });
        var until = all[0].Host.Registrar.Store.Book.Leases.Values.Single().Until;
        Assert.Equal(200, (await all[0].SendAsync(HttpMethod.Put, url!)).Status);
        Assert.True(all[0].Host.Registrar.Store.Book.Leases.Values.Single().Until > until);
    }

    [Theory]
    [InlineData(null, "not-authenticated", 401)]
    [InlineData("oc_wrong", "not-authenticated", 401)]
    [InlineData("", "not-authenticated", 401)]
    [InlineData(TestRegistrars.BrokerToken, "token-not-for-routes", 403)]
    [InlineData(TestRegistrars.SitesToken, "key-missing", 403)]
    public async Task Without_the_right_token_nobody_registers(string? token, string code, int status)
    {
        await using var all = await TestRegistrars.StartAsync(1);
        var answer = await all[0].SendAsync(HttpMethod.Post, "/v1/registrations", new JsonObject { ["port"] = 8080, ["hosts"] = new JsonArray("a.example.net") }, token);
        Assert.Equal((status, code), (answer.Status, (string?)answer.Body!["code"]));
        Assert.NotEqual("", (string?)answer.Body["instead"]);
    }

    [Fact]
    public async Task Guessing_tokens_is_slowed_down()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        for (var i = 0; i < 30; i++) await all[0].SendAsync(HttpMethod.Get, "/v1/registrations", token: "oc_guess-" + i);
        Assert.Equal(429, (await all[0].SendAsync(HttpMethod.Get, "/v1/registrations", token: "oc_guess")).Status);
        Assert.Equal(200, await StatusOfListAsync(all[0]));
    }

    [Fact]
    public async Task A_site_of_its_own_takes_the_key()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        await using var app = RawTarget.Answering("new site");
        var body = new JsonObject { ["port"] = app.Port, ["hosts"] = new JsonArray("new.example.net") };
        Assert.Equal(401, (await all[0].RegisterAsync(body, TestRegistrars.SitesToken, "oc_wrong-key")).Status);
        Assert.Equal(201, (await all[0].RegisterAsync(body, TestRegistrars.SitesToken, TestRegistrars.SitesKey)).Status);
        await ServesAsync(all[0], "/", "new site", "new.example.net");
    }

    [Theory]
    [InlineData("{\"port\": 8080, \"paths\": [\"/api/x\"]}", 403, "path-static")]
    [InlineData("{\"port\": 8080, \"paths\": [\"/a/../api\"]}", 400, "invalid")]
    [InlineData("{\"port\": 8080, \"address\": \"169.254.169.254\"}", 403, "address-not-allowed")]
    [InlineData("{\"port\": 8080, \"paths\": null}", 400, "invalid")]
    [InlineData("{\"port\": \"x\"}", 400, "invalid")]
    [InlineData("{\"port\": 99999}", 400, "invalid")]
    [InlineData("[]", 400, "invalid")]
    [InlineData("null", 400, "invalid")]
    [InlineData("{", 400, "invalid")]
    [InlineData("", 400, "invalid")]
    public async Task What_may_not_be_registered_is_refused_with_a_code(string body, int status, string code)
    {
        await using var all = await TestRegistrars.StartAsync(1);
        var answer = await all[0].SendAsync(HttpMethod.Post, "/v1/registrations", body);
        Assert.Equal((status, code), (answer.Status, (string?)answer.Body!["code"]));
    }

    [Fact]
    public async Task A_body_without_end_is_refused_before_it_is_read()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        var answer = await all[0].SendAsync(HttpMethod.Post, "/v1/registrations", new string('x', 100_000));
        Assert.Equal((413, "too-large"), (answer.Status, (string?)answer.Body!["code"]));
    }

    [Fact]
    public async Task A_registration_survives_a_restart_of_its_balancer()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        await using var app = RawTarget.Answering("from the app");
        var (_, _, url) = await all[0].RegisterAsync(new JsonObject { ["port"] = app.Port, ["paths"] = new JsonArray("/orders") });
        await all.KillAsync(0);
        all.Add("lb-1");
        all.Introduce();
        await ServesAsync(all[1], "/orders", "from the app");
        Assert.Equal(200, (await all[1].SendAsync(HttpMethod.Put, url!)).Status);
    }

    [Fact]
    public async Task Ten_thousand_registrations_are_the_bound()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        var store = all[0].Host.Registrar.Store;
        var template = (await all[0].RegisterAsync(new JsonObject { ["port"] = 8080, ["paths"] = new JsonArray("/first"), ["ttlSeconds"] = 600 })).Status == 201
            ? store.Book.Leases.Values.Single() : throw new InvalidOperationException();
        for (var i = 0; i < 9_999; i++)
        {
            var id = $"reg-{i}";
            var lease = template with { Id = id, Registration = template.Registration! with { Id = id, TokenId = $"token-{i % 50}", Secret = id, App = id, Paths = [$"/p{i}"], Port = 1 + i } };
            store.Decide((book, _) => new(book.With(lease), lease, null));
        }
        var answer = await all[0].RegisterAsync(new JsonObject { ["port"] = 8081, ["paths"] = new JsonArray("/one-more") });
        Assert.Equal((429, "too-many-registrations"), (answer.Status, (string?)answer.Body!["code"]));
    }

    private static async Task<int> StatusOfListAsync(TestRegistrars.One one)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("Authorization", "Bearer " + TestRegistrars.ShopToken);
        using var answer = await http.GetAsync($"http://127.0.0.1:{one.ApiPort}/v1/registrations", TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }

    internal static Task ServesAsync(TestRegistrars.One one, string path, string body, string host = "shop.example.org") =>
        Until.TrueAsync(async () => await one.GetAsync(path, host) == (200, body), $"{one.Name} to serve {host}{path}");
}
