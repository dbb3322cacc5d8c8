using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Forwarding;

public sealed class RetryTests
{
    public static TheoryData<string> Deaths => ["close", "reset", "half head", "garbage", "bad length"];

    private static Task Die(string how, RawRequest request)
    {
        switch (how)
        {
            case "close": request.Close(); return Task.CompletedTask;
            case "reset": request.Reset(); return Task.CompletedTask;
            case "half head": return SendThenClose("HTTP/1.1 200 OK\r\nContent-Le");
            case "garbage": return SendThenClose("SSH-2.0-OpenSSH_9.2\r\n");
            default: return SendThenClose("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello");
        }

        async Task SendThenClose(string text)
        {
            await request.SendAsync(text);
            request.Close();
        }
    }

    [Theory]
    [MemberData(nameof(Deaths))]
    public async Task Get_is_answered_by_the_other_target_whatever_way_the_first_dies(string how)
    {
        await using var bad = new RawTarget(r => Die(how, r));
        await using var good = RawTarget.Answering("good");
        await using var balancer = await TestBalancer.StartAsync(bad, good);
        using var client = balancer.Client();
        for (var i = 0; i < 40; i++) Assert.Equal("good", (await client.GetAsync()).Body);
        Assert.True(bad.Requests > 0);
        Assert.Equal(0, balancer.Balancer.Stages.Failed);
    }

    [Fact]
    public async Task Post_that_was_sent_is_not_sent_again()
    {
        await using var bad = new RawTarget(r => Die("close", r));
        await using var alsoBad = new RawTarget(r => Die("close", r));
        await using var balancer = await TestBalancer.StartAsync(bad, alsoBad);
        using var client = balancer.Client();
        Assert.Equal(502, (await client.AskAsync("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi")).Status);
        Assert.Equal(1, bad.Requests + alsoBad.Requests);
    }

    [Fact]
    public async Task Post_goes_to_another_target_when_the_first_cannot_be_reached()
    {
        var dying = RawTarget.Answering("dying");
        await using var good = new RawTarget(async r => await r.AnswerAsync(200, await r.BodyAsync()));
        await using var balancer = await TestBalancer.StartAsync(dying, good);
        await dying.DisposeAsync();
        using var client = balancer.Client();
        for (var i = 0; i < 20; i++) Assert.Equal("hi", (await client.AskAsync("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi")).Body);
        Assert.Equal(TargetState.Down, balancer.Report("t0").State);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task A_release_that_answers_5xx_costs_nobody_anything_while_another_is_up(int status)
    {
        await using var bad = RawTarget.Answering("bad", status);
        await using var good = RawTarget.Answering("good");
        await using var balancer = await TestBalancer.StartAsync(bad, good);
        using var client = balancer.Client();
        for (var i = 0; i < 100; i++) Assert.Equal("good", (await client.GetAsync()).Body);
        var report = balancer.Report("t0");
        Assert.Equal(TargetState.Ejected, report.State);
        Assert.InRange(report.Failed, 3, 10);
    }

    [Fact]
    public async Task A_request_that_fails_on_every_target_speaks_against_itself()
    {
        await using var one = new RawTarget(r => r.AnswerAsync(r.Target == "/bug" ? 500 : 200, "one"));
        await using var other = new RawTarget(r => r.AnswerAsync(r.Target == "/bug" ? 500 : 200, "other"));
        await using var balancer = await TestBalancer.StartAsync(one, other);
        using var client = balancer.Client();
        for (var i = 0; i < 20; i++) Assert.Equal(500, (await client.GetAsync("/bug")).Status);
        Assert.Equal(TargetState.Up, balancer.Report("t0").State);
        Assert.Equal(TargetState.Up, balancer.Report("t1").State);
        // The last answer is counted after it was sent.
        await Until.TrueAsync(() => balancer.Report("t0").Failed + balancer.Report("t1").Failed == 40, "both were asked each time");
    }

    [Fact]
    public async Task Part_of_an_answer_is_never_made_whole_by_another_target()
    {
        await using var target = new RawTarget(async r =>
        {
            await r.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nonly this");
            r.Close();
        });
        await using var balancer = await TestBalancer.StartAsync(target, RawTarget.Answering("other"));
        for (var i = 0; i < 10; i++)
        {
            using var client = balancer.Client();
            try
            {
                var answer = await client.GetAsync();
                Assert.Equal("other", answer.Body);
            }
            catch (Exception cut) when (cut is EndOfStreamException or System.Net.Sockets.SocketException)
            {
                return;
            }
        }
        Assert.Fail("no answer was cut short");
    }

    [Fact]
    public async Task Never_answering_target_ends_in_504_within_the_limit()
    {
        await using var silent = new RawTarget(_ => Task.Delay(Timeout.Infinite));
        await using var balancer = await TestBalancer.StartAsync(new RouteRules { Timeout = TimeSpan.FromMilliseconds(300) }, null, silent);
        using var client = balancer.Client();
        Assert.Equal(504, (await client.GetAsync()).Status);
    }

    [Fact]
    public async Task Second_answer_nobody_asked_for_never_reaches_the_next_client()
    {
        var count = 0;
        await using var target = new RawTarget(r => r.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{++count % 10}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        for (var i = 0; i < 20; i++) Assert.Equal(((i + 1) % 10).ToString(), (await client.GetAsync()).Body);
    }

    [Fact]
    public async Task Kept_connection_that_the_target_closed_is_not_noticed_by_the_client()
    {
        await using var target = new RawTarget(async r =>
        {
            await r.AnswerAsync(200, "fine");
            r.Close();
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        for (var i = 0; i < 30; i++) Assert.Equal("fine", (await client.GetAsync()).Body);
        Assert.Equal(TargetState.Up, balancer.Report("t0").State);
    }

    [Fact]
    public async Task Requests_wait_for_a_target_and_are_answered_when_one_comes_up()
    {
        var port = TestBalancer.FreePort();
        await using var balancer = await TestBalancer.StartAsync();
        balancer.Use(balancer.Snapshot(null, new HealthCheck { Every = TimeSpan.FromMilliseconds(100) }, [TestBalancer.Target("t0", port)]));
        using var client = balancer.Client();
        var waiting = client.GetAsync();
        await Until.TrueAsync(() => balancer.Balancer.Stages.Routes["r1"].Memory.Waiting.Count == 1, "the request waits");
        await using var target = new RawTarget(r => r.AnswerAsync(200, "at last"), port);
        Assert.Equal("at last", (await waiting).Body);
    }

    [Fact]
    public async Task Waiting_ends_with_503_and_when_to_come_again()
    {
        await using var balancer = await TestBalancer.StartAsync(new RouteRules { WaitFor = TimeSpan.FromMilliseconds(200) });
        using var client = balancer.Client();
        var answer = await client.GetAsync();
        Assert.Equal(503, answer.Status);
        Assert.Equal("2", answer.Field("Retry-After"));
    }

    [Fact]
    public async Task No_more_requests_wait_than_the_route_allows()
    {
        await using var balancer = await TestBalancer.StartAsync(new RouteRules { WaitFor = TimeSpan.FromSeconds(20), WaitRequests = 1 });
        using var first = balancer.Client();
        await first.SendAsync("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        await Until.TrueAsync(() => balancer.Balancer.Stages.Routes["r1"].Memory.Waiting.Count == 1, "the first waits");
        using var second = balancer.Client();
        Assert.Equal(503, (await second.GetAsync()).Status);
    }

    [Fact]
    public async Task Draining_target_gets_no_new_requests()
    {
        await using var old = RawTarget.Answering("old");
        await using var next = RawTarget.Answering("next");
        await using var balancer = await TestBalancer.StartAsync(old, next);
        balancer.Use(balancer.Snapshot(null, null, [TestBalancer.Target("t0", old.Port) with { Draining = true }, TestBalancer.Target("t1", next.Port)]));
        using var client = balancer.Client();
        for (var i = 0; i < 30; i++) Assert.Equal("next", (await client.GetAsync()).Body);
    }
}
