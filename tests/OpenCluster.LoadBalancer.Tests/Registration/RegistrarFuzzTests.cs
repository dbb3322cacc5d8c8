using System.Net.Sockets;
using System.Text.Json.Nodes;
using OpenCluster.Decisions.Registrations;
using OpenCluster.LoadBalancer.Tests.Support;

namespace OpenCluster.LoadBalancer.Tests.Registration;

/// <summary>
/// What nobody would send to where apps register, with a good token and without one. It is answered with a problem, or the connection ends; nothing
/// that was not asked for is registered, and everybody else is served on. A seed that fails stands in the message, and fails again.
/// </summary>
public sealed class RegistrarFuzzTests
{
    private const string Authorization = $"Authorization: Bearer {TestRegistrars.ShopToken}\r\n";
    private const string Body = """{"app": "a", "port": 8080, "paths": ["/orders", "/x"], "hosts": [], "address": "127.0.0.1", "weight": 100, "ttlSeconds": 30, "check": {"path": "/h", "everyMilliseconds": 1000}, "mode": "Through", "reverse": false}""";

    private static readonly string[] Requests =
    [
        $"POST /v1/registrations HTTP/1.1\r\nHost: a\r\n{Authorization}Content-Length: {Body.Length}\r\n\r\n{Body}",
        $"PUT /v1/registrations/reg-1.secret HTTP/1.1\r\nHost: a\r\n{Authorization}\r\n",
        $"GET /v1/registrations/reg-1.secret/connections HTTP/1.1\r\nHost: a\r\n{Authorization}Connection: Upgrade\r\nUpgrade: opencluster-reverse\r\n\r\n",
        $"GET /v1/broker/db?location=a.b&watch=true HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TestRegistrars.BrokerToken}\r\n\r\n",
        $"DELETE /v1/registrations/%2e%2e/x HTTP/1.1\r\nHost: a\r\n{Authorization}\r\n",
        $"POST /v1/registrations HTTP/1.1\r\nHost: a\r\n{Authorization}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ];

    [Fact]
    public async Task Requests_that_make_no_sense_are_answered_or_cut_off_and_others_are_served_on()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        var answered = 0;
        for (var seed = 0; seed < 600; seed++)
        {
            var random = new Random(seed);
            using var client = new RawClient(all[0].ApiPort);
            await client.Socket.SendAsync(Mutation.Of(Requests[random.Next(Requests.Length)], random, "\r\n\0 :/?%{}[]\",.0x\xff"));
            client.Socket.Shutdown(SocketShutdown.Send);
            var answer = await client.RestOrResetAsync();
            if (answer.Length == 0) continue;
            answered++;
            var status = int.Parse(answer.AsSpan(9, 3));
            Assert.True(status is 200 or 201 or 204 or (>= 400 and < 500), $"seed {seed}: {answer}");
        }
        Assert.InRange(answered, 300, 600);
        Assert.Equal(201, (await all[0].RegisterAsync(new JsonObject { ["port"] = 9, ["paths"] = new JsonArray("/after") })).Status);
    }

    [Fact]
    public async Task Wishes_of_any_shape_are_judged_and_what_is_registered_keeps_to_the_bounds()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var wish = new JsonObject();
            for (var i = random.Next(1, 6); i > 0; i--) wish[Fields[random.Next(Fields.Length)]] = Value(random, 2);
            if (random.Next(2) == 0) wish["port"] = random.Next(-1, 70_000);
            var (status, body, _) = await all[0].RegisterAsync(wish);
            Assert.True(status is 201 or 400 or 403 or 409 or 429, $"seed {seed}: {status} to {wish.ToJsonString()}");
            if (status != 201) Assert.True((string?)body!["code"] is { Length: > 0 } && (string?)body["detail"] is { Length: > 0 }, $"seed {seed}: {body!.ToJsonString()}");
        }
        foreach (var made in all[0].Host.Registrar.Store.Live)
        {
            Assert.True(made.Reverse || made.Port is >= 1 and <= 65_535, made.ToString());
            Assert.InRange(made.Weight, 1, 1000);
            Assert.InRange(made.Ttl.TotalSeconds, 2, 3600);
            Assert.All(PathClaim.Of(made), claim => Assert.True(claim.Path.Length == 0 || claim.Path[0] == '/', claim.ToString()));
        }
    }

    [Fact]
    public async Task What_is_too_large_is_refused_before_it_is_read()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        using var client = new RawClient(all[0].ApiPort);
        await client.SendAsync($"POST /v1/registrations HTTP/1.1\r\nHost: a\r\n{Authorization}Content-Length: 1000000000\r\n\r\n{{");
        var answer = await client.ReadAsync();
        Assert.Equal(413, answer.Status);
        Assert.Contains("too-large", answer.Body, StringComparison.Ordinal);
        Assert.Equal("", await client.RestOrResetAsync());
    }

    [Fact]
    public async Task Json_that_is_nested_without_end_is_refused_and_not_followed()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        var (status, body, _) = await all[0].SendAsync(HttpMethod.Post, "/v1/registrations", "{\"paths\":" + new string('[', 30_000));
        Assert.Equal(400, status);
        Assert.NotNull(body!["detail"]);
    }

    private static readonly string[] Fields =
        ["app", "instance", "hosts", "paths", "strip", "shared", "address", "port", "reverse", "mode", "endpoint", "protocol", "version", "weight", "location", "check", "ttlSeconds", "unknown"];

    private static JsonNode? Value(Random random, int depth) => random.Next(depth > 0 ? 12 : 9) switch
    {
        0 => null,
        1 => random.Next(2) == 0,
        2 => random.Next(-5, 100_000),
        3 => long.MaxValue,
        4 => random.NextDouble() * 1e300,
        5 => "",
        6 => "/" + new string('a', random.Next(5000)),
        7 => Texts[random.Next(Texts.Length)],
        8 => "shop.example.org",
        9 => new JsonObject { ["path"] = Value(random, depth - 1), ["everyMilliseconds"] = Value(random, depth - 1) },
        _ => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Value(random, depth - 1))]),
    };

    private static readonly string[] Texts =
        ["/", "//", "/../admin", "/%2e%2e/", "/a/./b", "/a?b", "/a#b", "/ü", "/a b", "/a\r\nX: y", "\0", "127.0.0.1", "169.254.169.254", "::1", "0x7f.1", "*", "*.example.org", "Through", "directthenthrough", "\ud800"];
}
