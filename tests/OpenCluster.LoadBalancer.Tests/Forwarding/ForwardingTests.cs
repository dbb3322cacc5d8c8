using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Forwarding;

public sealed class ForwardingTests
{
    [Fact]
    public async Task Request_reaches_the_target_and_its_answer_the_client()
    {
        await using var target = new RawTarget(r => r.AnswerAsync(200, $"{r.Line}|{r.Field("Host")}|{r.Field("X-Forwarded-For")}|{r.Field("X-Forwarded-Proto")}|{r.Field("X-Forwarded-Host")}"));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        var answer = await client.GetAsync("/a?b=c");
        Assert.Equal(200, answer.Status);
        Assert.Equal("GET /a?b=c HTTP/1.1|test|127.0.0.1|http|test", answer.Body);
    }

    [Fact]
    public async Task Connections_are_kept_on_both_sides()
    {
        await using var target = RawTarget.Answering("hello");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        var checks = target.Connections;
        for (var i = 0; i < 50; i++) Assert.Equal("hello", (await client.GetAsync()).Body);
        Assert.Equal(50, target.Requests);
        Assert.InRange(target.Connections - checks, 1, 3);
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_in_order()
    {
        await using var target = new RawTarget(r => r.AnswerAsync(200, r.Target));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        await client.SendAsync(string.Concat(Enumerable.Range(0, 100).Select(i => $"GET /{i} HTTP/1.1\r\nHost: test\r\n\r\n")));
        for (var i = 0; i < 100; i++) Assert.Equal($"/{i}", (await client.ReadAsync()).Body);
    }

    [Fact]
    public async Task Pipelined_requests_with_bodies_are_kept_apart()
    {
        await using var target = new RawTarget(async r => await r.AnswerAsync(200, r.Target + await r.BodyAsync()));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        await client.SendAsync(
            "POST /1 HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc"
            + "POST /2 HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n"
            + "GET /3 HTTP/1.1\r\nHost: test\r\n\r\n");
        Assert.Equal("/1abc", (await client.ReadAsync()).Body);
        Assert.Equal("/2de", (await client.ReadAsync()).Body);
        Assert.Equal("/3", (await client.ReadAsync()).Body);
    }

    [Fact]
    public async Task Large_bodies_pass_both_ways_by_length_and_in_chunks()
    {
        await using var target = new RawTarget(async r => await r.AnswerAsync(200, await r.BodyAsync()));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        var body = string.Concat(Enumerable.Range(0, 60_000).Select(i => $"{i:x5}"));
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        Assert.Equal(body, (await client.ReadAsync()).Body);
        var chunks = string.Concat(body.Chunk(7001).Select(c => $"{c.Length:x}\r\n{new string(c)}\r\n"));
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\nGET /next HTTP/1.1\r\nHost: test\r\n\r\n");
        Assert.Equal(body, (await client.ReadAsync()).Body);
        Assert.Equal(200, (await client.ReadAsync()).Status);
    }

    [Fact]
    public async Task Hop_by_hop_fields_stay_behind_and_clients_claims_are_replaced()
    {
        var seen = "";
        await using var target = new RawTarget(r =>
        {
            seen = r.Head;
            return r.AnswerAsync(200, "", "Connection: keep-alive, X-Secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\nX-Kept: 2\r\n");
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        var answer = await client.GetAsync("/", "Connection: keep-alive, X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\nProxy-Connection: x\r\nX-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Kept: 1\r\n");
        Assert.DoesNotContain("X-Mine", seen);
        Assert.DoesNotContain("6.6.6.6", seen);
        Assert.DoesNotContain("TE:", seen);
        Assert.DoesNotContain("Proxy-Connection", seen);
        Assert.Contains("X-Kept: 1\r\n", seen);
        Assert.Null(answer.Field("X-Secret"));
        Assert.Null(answer.Field("Keep-Alive"));
        Assert.Equal("2", answer.Field("X-Kept"));
    }

    [Theory]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", 204)]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", 304)]
    public async Task Answers_without_a_body_leave_the_connection_usable(string raw, int status)
    {
        await using var target = new RawTarget(r => r.SendAsync(raw));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        Assert.Equal(status, (await client.GetAsync()).Status);
        Assert.Equal(status, (await client.GetAsync()).Status);
    }

    [Fact]
    public async Task Head_is_answered_with_a_length_and_no_body()
    {
        await using var target = RawTarget.Answering("12345");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        var answer = await client.AskAsync("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n");
        Assert.Equal("5", answer.Field("Content-Length"));
        Assert.Equal("12345", (await client.GetAsync()).Body);
    }

    [Fact]
    public async Task Continue_is_answered_when_the_body_is_wanted()
    {
        await using var target = new RawTarget(async r => await r.AnswerAsync(200, r.Field("Expect") + await r.BodyAsync()));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        Assert.Equal(100, (await client.AskAsync("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")).Status);
        Assert.Equal("body", (await client.AskAsync("body")).Body);
    }

    [Fact]
    public async Task Interim_answers_pass_before_the_final_one()
    {
        await using var target = new RawTarget(r => r.SendAsync("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        Assert.Equal(103, (await client.GetAsync()).Status);
        Assert.Equal("ok", (await client.ReadAsync()).Body);
    }

    [Fact]
    public async Task Answer_that_ends_by_close_becomes_chunks()
    {
        await using var target = new RawTarget(async r =>
        {
            await r.SendAsync("HTTP/1.0 200 OK\r\n\r\nuntil ");
            await r.SendAsync("the end");
            r.Close();
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        for (var i = 0; i < 3; i++)
        {
            var answer = await client.GetAsync();
            Assert.Equal("chunked", answer.Field("Transfer-Encoding"));
            Assert.Equal("until the end", answer.Body);
        }
    }

    [Fact]
    public async Task Chunks_and_trailers_pass_to_new_clients_and_are_undone_for_old_ones()
    {
        await using var target = new RawTarget(r => r.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n"));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        Assert.Equal("abcdefg", (await client.GetAsync()).Body);
        using var old = balancer.Client();
        await old.SendAsync("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        var text = await old.RestAsync();
        Assert.EndsWith("\r\n\r\nabcdefg", text);
        Assert.DoesNotContain("chunked", text);
        Assert.Contains("Connection: close", text);
    }

    [Fact]
    public async Task Old_clients_keep_their_connection_only_when_they_ask()
    {
        await using var target = RawTarget.Answering("x");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var keeps = balancer.Client();
        Assert.Equal("keep-alive", (await keeps.AskAsync("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")).Field("Connection"));
        Assert.Equal("x", (await keeps.AskAsync("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")).Body);
        using var closes = balancer.Client();
        await closes.SendAsync("GET / HTTP/1.0\r\n\r\n");
        Assert.EndsWith("x", await closes.RestAsync());
    }

    [Fact]
    public async Task Half_closed_client_still_gets_its_answer()
    {
        var hasEnded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var target = new RawTarget(async r =>
        {
            await hasEnded.Task;
            await r.AnswerAsync(200, "late");
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        client.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        hasEnded.SetResult();
        Assert.Equal("late", (await client.ReadAsync()).Body);
    }

    [Fact]
    public async Task Early_answer_to_an_upload_reaches_the_client_and_closes()
    {
        await using var target = new RawTarget(async r =>
        {
            await r.AnswerAsync(413, "too much", "Connection: close\r\n");
            r.Close();
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 50000000\r\n\r\n{new string('x', 1000)}");
        var answer = await client.ReadAsync();
        Assert.Equal(413, answer.Status);
        Assert.Equal("close", answer.Field("Connection"));
    }

    [Fact]
    public async Task Body_over_the_limit_is_refused_by_length_at_once_and_by_chunks_when_reached()
    {
        await using var target = new RawTarget(async r => await r.AnswerAsync(200, await r.BodyAsync()));
        await using var balancer = await TestBalancer.StartAsync(new RouteRules { MaxBodyBytes = 1000 }, null, target);
        using var byLength = balancer.Client();
        Assert.Equal(413, (await byLength.AskAsync("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1001\r\n\r\n")).Status);
        Assert.Equal("", await byLength.RestAsync());
        using var byChunks = balancer.Client();
        await byChunks.SendAsync("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        Assert.Equal(413, (await byChunks.AskAsync("3e8\r\n")).Status);
        Assert.Equal(0, balancer.Report("t0").Failed);
    }

    [Fact]
    public async Task Malformed_chunks_never_reach_the_target_as_a_whole_request()
    {
        var whole = 0;
        await using var target = new RawTarget(async r =>
        {
            await r.BodyAsync();
            whole++;
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        Assert.Equal(400, (await client.AskAsync("3\r\nabcX0\r\n\r\n")).Status);
        Assert.Equal("", await client.RestAsync());
        Assert.Equal(0, whole);
    }

    [Fact]
    public async Task Upgraded_connection_carries_bytes_both_ways()
    {
        await using var target = new RawTarget(async r =>
        {
            Assert.Equal("Upgrade", r.Field("Connection"));
            Assert.Equal("echo", r.Field("Upgrade"));
            await r.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nwelcome");
            while (true) await r.SendAsync(await r.TakeAsync(4));
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        var answer = await client.GetAsync("/", "Connection: Upgrade\r\nUpgrade: echo\r\n");
        Assert.Equal(101, answer.Status);
        Assert.Equal("echo", answer.Field("Upgrade"));
        Assert.Equal("welcome", await client.TakeAsync(7));
        await client.SendAsync("ping");
        Assert.Equal("ping", await client.TakeAsync(4));
    }

    [Fact]
    public async Task Unknown_host_is_answered_404_and_the_connection_goes_on()
    {
        await using var balancer = await TestBalancer.ServeAsync();
        using var client = balancer.Client();
        Assert.Equal(404, (await client.GetAsync()).Status);
        Assert.Equal(404, (await client.GetAsync()).Status);
    }
}
