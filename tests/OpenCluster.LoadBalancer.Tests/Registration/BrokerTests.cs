using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Tests.Registration;

/// <summary>"What should I connect to?"</summary>
public sealed class BrokerTests
{
    [Fact]
    public async Task The_nearest_place_that_is_up_comes_first_and_the_way_through_last()
    {
        await using var near = RawTarget.Answering("near");
        await using var far = RawTarget.Answering("far");
        await using var all = await TestRegistrars.StartAsync(1);
        all.Introduce([Db(("i-1", far.Port, "cloud.lon"), ("i-2", near.Port, "dc.hall1"))]);
        var answer = await UpAsync(all[0], "db", 2, "?location=dc.hall1");
        Assert.Equal(["direct", "direct", "through"], answer["ways"]!.AsArray().Select(w => (string?)w!["how"]));
        Assert.Equal(near.Port, (int?)answer["ways"]![0]!["port"]);
        Assert.Equal(far.Port, (int?)(await UpAsync(all[0], "db", 2, "?location=cloud.lon.b"))["ways"]![0]!["port"]);
    }

    [Fact]
    public async Task Credentials_are_told_only_to_a_token_that_may_have_them()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        all.Introduce([Db(("i-1", 5432, "dc")) with { User = "app", Secret = "db-password", Password = "swordfish" }]);
        var (status, body, _) = await all[0].SendAsync(HttpMethod.Get, "/v1/broker/db", token: TestRegistrars.BrokerToken);
        Assert.Equal((200, "app", "swordfish"), (status, (string?)body!["user"], (string?)body["password"]));
        var refused = await all[0].SendAsync(HttpMethod.Get, "/v1/broker/db", token: TestRegistrars.ShopToken);
        Assert.Equal((403, "endpoint-not-allowed"), (refused.Status, (string?)refused.Body!["code"]));
        var unknown = await all[0].SendAsync(HttpMethod.Get, "/v1/broker/nothing", token: TestRegistrars.ShopToken);
        Assert.Equal("endpoint-not-allowed", (string?)unknown.Body!["code"]);
    }

    [Fact]
    public async Task A_watch_tells_of_a_fail_over_at_once()
    {
        await using var first = RawTarget.Answering("first");
        await using var second = RawTarget.Answering("second");
        await using var all = await TestRegistrars.StartAsync(1);
        all.Introduce([Db(("i-1", first.Port, "dc"), ("i-2", second.Port, "dc"))]);
        await UpAsync(all[0], "db", 2);

        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("Authorization", "Bearer " + TestRegistrars.BrokerToken);
        await using var stream = await http.GetStreamAsync($"http://127.0.0.1:{all[0].ApiPort}/v1/broker/db?watch=true", TestContext.Current.CancellationToken);
        using var lines = new StreamReader(stream);
        Assert.Equal(2, DirectOf(await NextAsync(lines)).Count);
        await first.DisposeAsync();
        Assert.Equal([second.Port], DirectOf(await NextAsync(lines)));
    }

    [Fact]
    public async Task A_watch_tells_of_what_a_new_snapshot_brings()
    {
        await using var first = RawTarget.Answering("first");
        await using var second = RawTarget.Answering("second");
        await using var all = await TestRegistrars.StartAsync(1);
        all.Introduce([Db(("i-1", first.Port, "dc"))]);
        await UpAsync(all[0], "db", 1);

        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("Authorization", "Bearer " + TestRegistrars.BrokerToken);
        await using var stream = await http.GetStreamAsync($"http://127.0.0.1:{all[0].ApiPort}/v1/broker/db?watch=true", TestContext.Current.CancellationToken);
        using var lines = new StreamReader(stream);
        Assert.Equal([first.Port], DirectOf(await NextAsync(lines)));
        all.Introduce([Db(("i-2", second.Port, "dc"))]);
        IReadOnlyList<int> direct;
        // Its target may be told before it was checked, as none at all.
        do direct = [.. DirectOf(await NextAsync(lines))];
        while (!direct.Contains(second.Port));
        Assert.Equal([second.Port], direct);
    }

    [Fact]
    public async Task An_app_that_registered_an_endpoint_is_brokered_by_every_balancer()
    {
        await using var app = RawTarget.Answering("orders");
        await using var all = await TestRegistrars.StartAsync(2);
        await all[0].RegisterAsync(new JsonObject { ["port"] = app.Port, ["paths"] = new JsonArray("/orders"), ["endpoint"] = "orders" });
        await Until.TrueAsync(() => all[1].Host.Registrar.Store.Live.Length == 1, "the second to hear of it");
        Assert.Equal([app.Port], DirectOf(await UpAsync(all[1], "orders", 1)));
    }

    [Fact]
    public async Task An_app_that_wants_to_be_reached_through_the_balancer_alone_is_shown_to_nobody()
    {
        await using var app = RawTarget.Answering("orders");
        await using var all = await TestRegistrars.StartAsync(1);
        await all[0].RegisterAsync(new JsonObject { ["port"] = app.Port, ["endpoint"] = "orders", ["mode"] = "Through" });
        var (_, body, _) = await all[0].SendAsync(HttpMethod.Get, "/v1/broker/orders", token: TestRegistrars.BrokerToken);
        Assert.Equal("through", (string?)Assert.Single(body!["ways"]!.AsArray())!["how"]);
        Assert.DoesNotContain(app.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), body.ToJsonString(), StringComparison.Ordinal);

        await RegistrarApiTests.ServesAsync(all[0], "/", "orders");
        Assert.EndsWith("orders", await ThroughAsync(all[0], "orders"), StringComparison.Ordinal);
    }

    private static async Task<string> ThroughAsync(TestRegistrars.One one, string endpoint)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", one.ApiPort, TestContext.Current.CancellationToken);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET /v1/broker/{endpoint}/connection HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TestRegistrars.BrokerToken}\r\nConnection: Upgrade\r\nUpgrade: opencluster-connect\r\n\r\n"));
        var buffer = new byte[4096];
        var count = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 101", Encoding.ASCII.GetString(buffer, 0, count), StringComparison.Ordinal);
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: orders\r\n\r\n"u8.ToArray());
        // The end of sending passes through as well: the target sees it, ends in turn, and so does the connection.
        socket.Shutdown(SocketShutdown.Send);
        var text = "";
        while ((count = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken)) > 0) text += Encoding.ASCII.GetString(buffer, 0, count);
        return text;
    }

    private static BrokeredEndpoint Db(params (string Id, int Port, string Location)[] places) =>
        new() { Name = "db", Protocol = "postgres", Places = [.. places.Select(p => new BrokeredPlace(p.Id, "127.0.0.1", p.Port, p.Location))] };

    private static async Task<JsonObject> UpAsync(TestRegistrars.One one, string endpoint, int up, string query = "")
    {
        JsonObject? answer = null;
        await Until.TrueAsync(async () =>
        {
            answer = (await one.SendAsync(HttpMethod.Get, $"/v1/broker/{endpoint}{query}", token: TestRegistrars.BrokerToken)).Body;
            return answer?["ways"]?.AsArray().Count(w => (string?)w!["state"] == "up") == up;
        }, $"{up} places of {endpoint} to be up");
        return answer!;
    }

    private static List<int> DirectOf(JsonObject answer) => [.. answer["ways"]!.AsArray().Where(w => (string?)w!["how"] == "direct").Select(w => (int)w!["port"]!)];

    private static async Task<JsonObject> NextAsync(StreamReader lines)
    {
        while (await lines.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            if (line.StartsWith("data: {", StringComparison.Ordinal)) return JsonNode.Parse(line[6..])!.AsObject();
        throw new IOException("the watch has ended");
    }
}
