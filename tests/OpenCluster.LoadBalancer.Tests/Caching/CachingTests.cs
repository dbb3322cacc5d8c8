using System.Text;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Caching;

/// <summary>RFC 9111 as a shared cache has to keep it, seen from both ends. (Long, as the RFC's list of rules is.)</summary>
public sealed class CachingTests
{
    [Theory]
    [InlineData("Cache-Control: max-age=60\r\n", true)]
    [InlineData("Cache-Control: s-maxage=60, max-age=0\r\n", true)]
    [InlineData("Date: Mon, 01 Jan 2024 00:00:00 GMT\r\nExpires: Mon, 01 Jan 2024 01:00:00 GMT\r\n", true)]
    [InlineData("", false)]
    [InlineData("Cache-Control: max-age=60, private\r\n", false)]
    [InlineData("Cache-Control: max-age=60, no-store\r\n", false)]
    [InlineData("Cache-Control: max-age=60\r\nSet-Cookie: a=b\r\n", false)]
    [InlineData("Cache-Control: max-age=60\r\nVary: *\r\n", false)]
    [InlineData("Cache-Control: max-age=nonsense\r\n", false)]
    [InlineData("Cache-Control: max-age=60, max-age=0\r\n", false)]
    [InlineData("Cache-Control: max-age=60\r\nAge: 60\r\n", false)]
    [InlineData("Cache-Control: private=\"x, max-age=60\", max-age=60\r\n", false)]
    [InlineData("Expires: 0\r\n", false)]
    public async Task What_may_be_kept_is_asked_for_once_and_nothing_else_is_kept(string fields, bool kept)
    {
        await using var target = new RawTarget(r => r.AnswerAsync(200, "page", fields));
        await using var balancer = await Start(target);
        using var client = balancer.Client();
        for (var i = 0; i < 3; i++) Assert.Equal("page", (await client.GetAsync("/a")).Body);
        Assert.Equal(kept ? 1 : 3, target.Requests);
    }

    [Fact]
    public async Task Age_and_what_the_cache_did_are_told()
    {
        await using var target = new RawTarget(r => r.AnswerAsync(200, "page", "Cache-Control: max-age=60\r\nAge: 5\r\n"));
        await using var balancer = await Start(target);
        using var client = balancer.Client();
        Assert.Equal("OpenCluster; fwd=uri-miss; stored", (await client.GetAsync()).Field("Cache-Status"));
        var hit = await client.GetAsync();
        Assert.Equal("OpenCluster; hit", hit.Field("Cache-Status"));
        Assert.InRange(int.Parse(hit.Field("Age")!), 5, 60);
        Assert.Equal(1, hit.Head.Split("Age: ").Length - 1);
    }

    [Theory]
    [InlineData("Authorization: Bearer x\r\n")]
    [InlineData("Cache-Control: no-store\r\n")]
    [InlineData("Cache-Control: no-cache\r\n")]
    [InlineData("Pragma: no-cache\r\n")]
    public async Task Requests_that_are_not_for_the_cache_go_to_the_target(string fields)
    {
        await using var target = new RawTarget(r => r.AnswerAsync(200, "page", "Cache-Control: max-age=60\r\n"));
        await using var balancer = await Start(target);
        using var client = balancer.Client();
        await client.GetAsync();
        await client.GetAsync(fields: fields);
        Assert.Equal(2, target.Requests);
    }

    [Fact]
    public async Task Answers_differ_by_what_vary_names_and_by_nothing_else()
    {
        await using var target = new RawTarget(r => r.AnswerAsync(200, r.Field("Accept-Language") ?? "none", "Cache-Control: max-age=60\r\nVary: Accept-Language\r\n"));
        await using var balancer = await Start(target);
        using var client = balancer.Client();
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("de", (await client.GetAsync(fields: $"Accept-Language: de\r\nX-Other: {i}\r\n")).Body);
            Assert.Equal("en", (await client.GetAsync(fields: "Accept-Language: en\r\n")).Body);
            Assert.Equal("none", (await client.GetAsync()).Body);
        }
        Assert.Equal(3, target.Requests);
    }

    [Fact]
    public async Task Hosts_paths_and_queries_are_apart()
    {
        await using var target = new RawTarget(r => r.AnswerAsync(200, r.Field("Host") + r.Target, "Cache-Control: max-age=60\r\n"));
        await using var balancer = await Start(target);
        using var client = balancer.Client();
        foreach (var path in new[] { "/a", "/a?x=1", "/a?x=2", "/A" }) Assert.Equal("test" + path, (await client.GetAsync(path)).Body);
        Assert.Equal("other/a", (await client.AskAsync("GET /a HTTP/1.1\r\nHost: other\r\n\r\n")).Body);
        Assert.Equal(5, target.Requests);
    }

    [Fact]
    public async Task A_stale_answer_is_validated_and_the_304_brings_it_up_to_date()
    {
        await using var target = new RawTarget(r => r.Field("If-None-Match") == "\"v1\""
            ? r.SendAsync("HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\nCache-Control: max-age=0\r\nX-Count: 2\r\n\r\n")
            : r.AnswerAsync(200, "page", "Cache-Control: max-age=0\r\nETag: \"v1\"\r\nX-Count: 1\r\n"));
        await using var balancer = await Start(target);
        using var client = balancer.Client();
        await client.GetAsync();
        var again = await client.GetAsync();
        Assert.Equal((200, "page", "2"), (again.Status, again.Body, again.Field("X-Count")));
        Assert.Contains("fwd-status=304", again.Field("Cache-Status"), StringComparison.Ordinal);
        Assert.Equal(304, (await client.GetAsync(fields: "If-None-Match: \"v0\", W/\"v1\"\r\n")).Status);
    }

    [Fact]
    public async Task Kept_answers_serve_heads_ranges_and_conditions()
    {
        await using var target = new RawTarget(r => r.AnswerAsync(200, "0123456789", "Cache-Control: max-age=60\r\nETag: \"v1\"\r\n"));
        await using var balancer = await Start(target);
        using var client = balancer.Client();
        await client.GetAsync();
        var head = await client.AskAsync("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n");
        Assert.Equal((200, "10"), (head.Status, head.Field("Content-Length")));
        var part = await client.GetAsync(fields: "Range: bytes=2-4\r\n");
        Assert.Equal((206, "234", "bytes 2-4/10"), (part.Status, part.Body, part.Field("Content-Range")));
        Assert.Equal(200, (await client.GetAsync(fields: "Range: bytes=2-4\r\nIf-Range: \"v0\"\r\n")).Status);
        Assert.Equal(416, (await client.GetAsync(fields: "Range: bytes=20-\r\n")).Status);
        Assert.Equal(304, (await client.GetAsync(fields: "If-None-Match: \"v1\"\r\n")).Status);
        Assert.Equal(1, target.Requests);
    }

    [Fact]
    public async Task Many_clients_at_once_cost_one_fetch()
    {
        var release = new TaskCompletionSource();
        await using var target = new RawTarget(async r =>
        {
            await release.Task;
            await r.AnswerAsync(200, "page", "Cache-Control: max-age=60\r\n");
        });
        await using var balancer = await Start(target);
        var clients = Enumerable.Range(0, 50).Select(_ => balancer.Client()).ToArray();
        var asked = clients.Select(c => c.GetAsync()).ToArray();
        await Until.TrueAsync(() => balancer.Balancer.Stages.Connections.Count == 50 && target.Requests == 1, "all have asked");
        release.SetResult();
        foreach (var answer in asked) Assert.Equal("page", (await answer).Body);
        Assert.Equal(1, target.Requests);
        foreach (var client in clients) client.Dispose();
    }

    [Fact]
    public async Task Who_waits_fetches_itself_when_the_one_that_fetched_leaves()
    {
        var hasLeft = new TaskCompletionSource();
        var asked = 0;
        await using var target = new RawTarget(async r =>
        {
            if (Interlocked.Increment(ref asked) > 1)
            {
                await r.AnswerAsync(200, "page", "Cache-Control: max-age=60\r\n");
                return;
            }
            await r.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nCache-Control: max-age=60\r\n\r\n" + new string('a', 40_000));
            await hasLeft.Task;
            // The balancer sees that its client is gone when it has more for it, and then ends this.
            for (var sent = 40_000; sent < 1_000_000; sent += 10_000) await r.SendAsync(new string('a', 10_000));
        });
        await using var balancer = await Start(target);
        using var leader = balancer.Client();
        await leader.SendAsync("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        await leader.UntilAsync("aaaa");
        using var follower = balancer.Client();
        var waits = follower.GetAsync();
        leader.Socket.LingerState = new System.Net.Sockets.LingerOption(true, 0);
        leader.Socket.Close();
        hasLeft.SetResult();
        Assert.Equal("page", (await waits).Body);
        Assert.Equal(2, target.Requests);
    }

    [Fact]
    public async Task Nobody_waits_for_the_rest_of_an_answer_that_will_not_be_kept()
    {
        var release = new TaskCompletionSource();
        var asked = 0;
        await using var target = new RawTarget(async r =>
        {
            if (Interlocked.Increment(ref asked) > 1)
            {
                await r.AnswerAsync(200, "second", "Cache-Control: no-store\r\n");
                return;
            }
            await r.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nCache-Control: no-store\r\n\r\n" + new string('a', 50_000));
            await release.Task;
            await r.SendAsync(new string('a', 50_000));
        });
        await using var balancer = await Start(target);
        using var first = balancer.Client();
        var slow = first.GetAsync();
        await Until.TrueAsync(() => target.Requests == 1, "the first is at the target");
        using var second = balancer.Client();
        Assert.Equal("second", (await second.GetAsync()).Body);
        release.SetResult();
        Assert.Equal(100_000, (await slow).Body.Length);
    }

    [Fact]
    public async Task What_was_asked_for_before_a_purge_is_not_kept_after_it()
    {
        var release = new TaskCompletionSource();
        await using var target = new RawTarget(async r =>
        {
            await release.Task;
            await r.AnswerAsync(200, "old", "Cache-Control: max-age=60\r\n");
        });
        await using var balancer = await Start(target);
        using var client = balancer.Client();
        var asked = client.GetAsync();
        await Until.TrueAsync(() => target.Requests == 1, "it is at the target");
        balancer.Use(balancer.Balancer.Snapshot! with { Revision = 9, Purges = [new CachePurge(1)] });
        release.SetResult();
        await asked;
        Assert.Equal(504, (await client.GetAsync(fields: "Cache-Control: only-if-cached\r\n")).Status);
    }

    [Fact]
    public async Task A_validation_that_sets_a_cookie_is_for_one_client_alone()
    {
        await using var target = new RawTarget(r => r.Field("If-None-Match") is not null
            ? r.SendAsync("HTTP/1.1 304 Not Modified\r\nSet-Cookie: mine=1\r\n\r\n")
            : r.AnswerAsync(200, "page", "Cache-Control: max-age=0\r\nETag: \"v1\"\r\n"));
        await using var balancer = await Start(target);
        using var client = balancer.Client();
        await client.GetAsync();
        Assert.Equal("mine=1", (await client.GetAsync()).Field("Set-Cookie"));
        var another = await client.GetAsync();
        Assert.Equal(("page", null), (another.Body, another.Field("Set-Cookie")));
    }

    [Fact]
    public async Task Serving_stale_on_an_error_leaves_the_address_kept()
    {
        var failing = false;
        await using var target = new RawTarget(r => failing ? r.AnswerAsync(500, "broken") : r.AnswerAsync(200, "page", "Cache-Control: max-age=0, stale-if-error=60\r\n"));
        await using var balancer = await Start(target);
        using var client = balancer.Client();
        await client.GetAsync();
        failing = true;
        for (var i = 0; i < 3; i++) Assert.Contains("stale-if-error", (await client.GetAsync()).Field("Cache-Status"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Matches_that_rewrite_the_same_path_differently_do_not_share_answers()
    {
        await using var target = new RawTarget(r => r.AnswerAsync(200, r.Target, "Cache-Control: max-age=60\r\n"));
        await using var balancer = await TestBalancer.ServeAsync(new RoutePlan
        {
            Id = "r1",
            Name = "site",
            Matches = [new RouteMatch("*", "/api") { Rewrite = "/v1" }, new RouteMatch("*", "/api") { Rewrite = "/v2", Headers = [new HeaderMatch("X-Preview")] }],
            Rules = new RouteRules { Cache = new CacheRule() },
            Targets = [TestBalancer.Target("t0", target.Port)],
        });
        using var client = balancer.Client();
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("/v1/x", (await client.GetAsync("/api/x")).Body);
            Assert.Equal("/v2/x", (await client.GetAsync("/api/x", "X-Preview: 1\r\n")).Body);
        }
        Assert.Equal(2, target.Requests);
    }

    [Fact]
    public async Task What_cannot_be_kept_does_not_make_clients_queue()
    {
        var release = new TaskCompletionSource();
        var asked = 0;
        await using var target = new RawTarget(async r =>
        {
            if (Interlocked.Increment(ref asked) > 1) await release.Task;
            await r.AnswerAsync(200, "mine", "Cache-Control: private\r\n");
        });
        await using var balancer = await Start(target);
        using var first = balancer.Client();
        await first.GetAsync();
        using var second = balancer.Client();
        var (a, b) = (first.GetAsync(), second.GetAsync());
        await Until.TrueAsync(() => target.Requests == 3, "both are at the target together");
        release.SetResult();
        await Task.WhenAll(a, b);
    }

    [Fact]
    public async Task Stale_is_served_at_once_and_fetched_behind()
    {
        var version = 0;
        await using var target = new RawTarget(r => r.AnswerAsync(200, "v" + Interlocked.Increment(ref version), "Cache-Control: max-age=0, stale-while-revalidate=60\r\n"));
        await using var balancer = await Start(target);
        using var client = balancer.Client();
        Assert.Equal("v1", (await client.GetAsync()).Body);
        var stale = await client.GetAsync();
        Assert.Equal("v1", stale.Body);
        Assert.Contains("stale-while-revalidate", stale.Field("Cache-Status"), StringComparison.Ordinal);
        await Until.TrueAsync(() => target.Requests >= 2, "it is fetched");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stale_is_served_when_the_target_fails(bool answers)
    {
        var failing = false;
        var target = new RawTarget(r => failing ? r.AnswerAsync(500, "broken") : r.AnswerAsync(200, "page", "Cache-Control: max-age=0, stale-if-error=60\r\n"));
        await using var balancer = await Start(target);
        using var client = balancer.Client();
        await client.GetAsync();
        failing = true;
        if (!answers) await target.DisposeAsync();
        var answer = await client.GetAsync();
        Assert.Equal((200, "page"), (answer.Status, answer.Body));
        Assert.Contains("stale-if-error", answer.Field("Cache-Status"), StringComparison.Ordinal);
        await target.DisposeAsync();
    }

    [Fact]
    public async Task A_change_that_succeeds_throws_out_what_was_kept()
    {
        await using var target = new RawTarget(r => r.AnswerAsync(r.Line.StartsWith("PUT /fails", StringComparison.Ordinal) ? 403 : 200, "page", "Cache-Control: max-age=60\r\n"));
        await using var balancer = await Start(target);
        using var client = balancer.Client();
        foreach (var path in new[] { "/fails", "/works" })
        {
            await client.GetAsync(path);
            await client.AskAsync($"PUT {path} HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
            await client.GetAsync(path);
        }
        Assert.Equal(5, target.Requests);
    }

    [Fact]
    public async Task Chunked_answers_are_kept_without_their_framing()
    {
        await using var target = new RawTarget(r => r.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nCache-Control: max-age=60\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"));
        await using var balancer = await Start(target);
        using var client = balancer.Client();
        Assert.Equal("abcdefg", (await client.GetAsync()).Body);
        var hit = await client.GetAsync();
        Assert.Equal(("abcdefg", "7", null), (hit.Body, hit.Field("Content-Length"), hit.Field("Transfer-Encoding")));
    }

    [Fact]
    public async Task Memory_has_a_bound_and_the_answer_used_longest_ago_goes()
    {
        var body = new string('x', 20_000);
        await using var target = new RawTarget(r => r.AnswerAsync(200, body, "Cache-Control: max-age=60\r\n"));
        await using var balancer = await Start(target, new CacheRule { SizeBytes = 64 << 10 });
        using var client = balancer.Client();
        foreach (var path in new[] { "/1", "/2", "/3", "/1", "/4" }) await client.GetAsync(path);
        Assert.Equal(4, target.Requests);
        await client.GetAsync("/1");
        Assert.Equal(4, target.Requests);
        await client.GetAsync("/2");
        Assert.Equal(5, target.Requests);
        var cache = balancer.Balancer.Stages.Routes["r1"].Memory.Cache!;
        Assert.InRange(cache.Bytes, 1, 64 << 10);
        Assert.True(cache.Counters.Evictions > 0);
    }

    [Theory]
    [InlineData("", "/a/*", "", new[] { "/b/1" })]
    [InlineData("", "/a/1", "", new[] { "/a/2", "/b/1" })]
    [InlineData("", "", "two", new[] { "/a/1", "/b/1" })]
    [InlineData("other", "", "", new[] { "/a/1", "/a/2", "/b/1" })]
    [InlineData("site", "", "", new string[0])]
    public async Task Purges_throw_out_by_route_path_and_tag(string route, string path, string tag, string[] left)
    {
        await using var target = new RawTarget(r => r.AnswerAsync(200, "page", $"Cache-Control: max-age=60\r\nCache-Tag: all, {(r.Target == "/a/2" ? "two" : "one")}\r\n"));
        await using var balancer = await Start(target);
        using var client = balancer.Client();
        string[] all = ["/a/1", "/a/2", "/b/1"];
        foreach (var one in all) await client.GetAsync(one);
        // The client has its answer a moment before it is kept, and what is being fetched while a purge comes is not kept.
        await Until.TrueAsync(() => balancer.Balancer.Stages.Routes.Values.Single().Memory.Cache!.Count == all.Length, "all are kept");
        balancer.Use(balancer.Balancer.Snapshot! with { Revision = 9, Purges = [new CachePurge(1, route, path, tag)] });
        // Once is enough: the same purge in the next snapshot does nothing.
        balancer.Use(balancer.Balancer.Snapshot! with { Revision = 10 });
        var served = new List<string>();
        foreach (var one in all)
            if ((await client.GetAsync(one, "Cache-Control: only-if-cached\r\n")).Status == 200) served.Add(one);
        Assert.Equal(left, served);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public void Directives_are_read_whatever_stands_before_them(int seed)
    {
        var random = new Random(seed);
        string[] pieces = ["max-age", "=", "\"", ",", " ", "s-maxage=5", "public", "no-cache=\"a,b\"", "\t", "99999999999999999999", "-1", ";"];
        for (var run = 0; run < 2000; run++)
        {
            var noise = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]));
            // An open quote takes what follows into it.
            if (noise.Count(c => c == '"') % 2 != 0) noise += "\"";
            var bytes = Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nCache-Control: {noise}, private\r\n\r\n");
            var head = new OpenCluster.LoadBalancer.Http.ResponseHead();
            head.Parse(bytes, toHead: false);
            var control = OpenCluster.LoadBalancer.Caching.CacheControl.Of(head.Fields, bytes);
            Assert.InRange(control.MaxAge, -1, int.MaxValue);
            Assert.True(control.Private, noise);
        }
    }

    private static Task<TestBalancer> Start(RawTarget target, CacheRule? rule = null) =>
        TestBalancer.StartAsync(new RouteRules { Cache = rule ?? new CacheRule(), WaitFor = TimeSpan.FromMilliseconds(200) }, null, target);
}
