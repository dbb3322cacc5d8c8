using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Http2;

/// <summary>Targets that are spoken to in HTTP/2, by clients of HTTP/1.1 unless told otherwise.</summary>
public sealed class AskingTests
{
    [Fact]
    public async Task Target_sees_the_request_and_the_client_an_answer_of_its_own_version()
    {
        Dictionary<string, string>? head = null;
        await using var target = new RawHttp2Target(request =>
        {
            head = request.Head;
            return request.AnswerAsync(200, "fine", ("x-mine", "yes"), ("set-cookie", "a=b"));
        });
        await using var balancer = await TestBalancer.Http2Async(target);
        using var client = balancer.Client();
        var answer = await client.GetAsync("/a?b=c", "X-Mine: No\r\nConnection: X-Drop\r\nX-Drop: 1\r\nKeep-Alive: 5\r\nTE: trailers, deflate\r\n");
        Assert.Equal((200, "fine", "yes", "a=b"), (answer.Status, answer.Body, answer.Field("x-mine"), answer.Field("set-cookie")));
        Assert.Equal(("GET", "http", "/a?b=c", "test"), (head![":method"], head[":scheme"], head[":path"], head[":authority"]));
        Assert.Equal(("No", "127.0.0.1", "trailers"), (head["x-mine"], head["x-forwarded-for"], head["te"]));
        Assert.DoesNotContain(head.Keys, name => name is "connection" or "x-drop" or "keep-alive" or "host");
    }

    [Fact]
    public async Task Many_requests_at_once_share_a_connection()
    {
        var go = new TaskCompletionSource();
        await using var target = new RawHttp2Target(async request =>
        {
            await go.Task;
            await request.AnswerAsync(200, request.Path);
        });
        await using var balancer = await TestBalancer.Http2Async(target);
        var clients = Enumerable.Range(0, 50).Select(_ => balancer.Client()).ToList();
        var answers = clients.Select((client, i) => client.GetAsync("/" + i)).ToList();
        await Until.TrueAsync(() => target.Requests == 50, "all requests at the target");
        go.SetResult();
        for (var i = 0; i < 50; i++) Assert.Equal("/" + i, (await answers[i]).Body);
        Assert.Equal(1, target.Connections);
        clients.ForEach(c => c.Dispose());
    }

    [Fact]
    public async Task More_connections_are_made_where_the_target_allows_few_streams()
    {
        var go = new TaskCompletionSource();
        var (now, most) = (0, 0);
        await using var target = new RawHttp2Target(
            async request =>
            {
                lock (go) most = Math.Max(most, ++now);
                await go.Task;
                await request.AnswerAsync(200, "fine");
            }, (SettingId.MaxConcurrentStreams, 4));
        await using var balancer = await TestBalancer.Http2Async(target);
        var clients = Enumerable.Range(0, 20).Select(_ => balancer.Client()).ToList();
        Assert.Equal("fine", await AfterAsync(clients[0].GetAsync(), go));
        go = new TaskCompletionSource();
        now = 0;
        var answers = clients.Select(client => client.GetAsync()).ToList();
        await Until.TrueAsync(() => Volatile.Read(ref now) == 20, "all requests at the target");
        go.SetResult();
        foreach (var answer in answers) Assert.Equal("fine", (await answer).Body);
        Assert.InRange(target.Connections, 5, 8);
        clients.ForEach(c => c.Dispose());
    }

    private static async Task<string> AfterAsync(Task<RawAnswer> answer, TaskCompletionSource go)
    {
        go.SetResult();
        return (await answer).Body;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Post_that_the_target_has_not_looked_at_is_sent_again(bool isRefused)
    {
        var first = true;
        await using var target = new RawHttp2Target(async request =>
        {
            var body = await request.Body;
            if (Interlocked.Exchange(ref first, false))
                await request.SendAsync(isRefused ? RawHttp2.Reset(request.StreamId, ErrorCode.RefusedStream) : RawHttp2.GoAway(0));
            else
                await request.AnswerAsync(200, body);
        });
        await using var balancer = await TestBalancer.Http2Async(target);
        using var client = balancer.Client();
        Assert.Equal("hi", (await client.AskAsync("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi")).Body);
        Assert.Equal(2, target.Requests);
        Assert.Equal(isRefused ? 1 : 2, target.Connections);
        Assert.Equal(0, balancer.Report("t0").Failed);
    }

    [Fact]
    public async Task Connection_that_goes_answers_what_it_has_seen_and_new_requests_take_another()
    {
        var go = new TaskCompletionSource();
        await using var target = new RawHttp2Target(async request =>
        {
            if (request.Path == "/slow")
            {
                await request.SendAsync(RawHttp2.GoAway(request.StreamId));
                await go.Task;
            }
            await request.AnswerAsync(200, request.Path);
        });
        await using var balancer = await TestBalancer.Http2Async(target);
        using var slow = balancer.Client();
        using var client = balancer.Client();
        var answer = slow.GetAsync("/slow");
        await Until.TrueAsync(() => target.Requests == 1, "request at the target");
        for (var i = 0; i < 5; i++) Assert.Equal("/fast", (await client.GetAsync("/fast")).Body);
        go.SetResult();
        Assert.Equal("/slow", (await answer).Body);
        Assert.Equal(2, target.Connections);
    }

    [Fact]
    public async Task Get_goes_to_another_target_when_its_stream_or_connection_dies_and_a_post_does_not()
    {
        var (resets, cuts) = (0, 0);
        await using var dies = new RawHttp2Target(async request =>
        {
            if (request.Path == "/reset") await request.SendAsync(RawHttp2.Reset(request.StreamId, ErrorCode.InternalError));
            else request.Connection.Dispose();
            _ = request.Path == "/reset" ? resets++ : cuts++;
        });
        await using var good = RawHttp2Target.Answering("good");
        await using var balancer = await TestBalancer.Http2Async(dies, good);
        using var client = balancer.Client();
        for (var i = 0; i < 20; i++) Assert.Equal("good", (await client.GetAsync(i < 10 ? "/reset" : "/cut")).Body);
        Assert.True(resets + cuts > 0);

        await using var alone = new RawHttp2Target(request => request.SendAsync(RawHttp2.Reset(request.StreamId, ErrorCode.InternalError)));
        await using var other = await TestBalancer.Http2Async(alone);
        using var poster = other.Client();
        Assert.Equal(502, (await poster.AskAsync("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi")).Status);
        Assert.Equal(1, alone.Requests);
    }

    [Fact]
    public async Task Client_that_leaves_has_its_stream_cancelled_and_others_go_on()
    {
        var came = new TaskCompletionSource<RawHttp2Request>();
        await using var target = new RawHttp2Target(request =>
        {
            if (request.Path != "/slow") return request.AnswerAsync(200, "fine");
            came.SetResult(request);
            return request.SendAsync(RawHttp2.Head(request.StreamId, false, (":status", "200")), RawHttp2.Data(request.StreamId, "x"));
        });
        await using var balancer = await TestBalancer.Http2Async(target);
        var client = balancer.Client();
        await client.SendAsync("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n");
        var request = await came.Task;
        await client.UntilAsync("200 ");
        client.Dispose();
        // It is noticed when there is something to be sent to it.
        for (var i = 0; !request.Reset.IsCompleted && i < 100; i++)
        {
            await request.SendAsync(RawHttp2.Data(request.StreamId, "y"));
            await Task.WhenAny(request.Reset, Task.Delay(20, TestContext.Current.CancellationToken));
        }
        Assert.Equal(ErrorCode.Cancel, await request.Reset.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        using var next = balancer.Client();
        Assert.Equal("fine", (await next.GetAsync()).Body);
        Assert.Equal(1, target.Connections);
    }

    [Fact]
    public async Task Trailers_go_both_ways()
    {
        Dictionary<string, string>? trailers = null;
        await using var target = new RawHttp2Target(async request =>
        {
            await request.Body;
            trailers = request.Trailers;
            await request.SendAsync(
                RawHttp2.Head(request.StreamId, false, (":status", "200")), RawHttp2.Data(request.StreamId, "ok"), RawHttp2.Head(request.StreamId, true, ("x-sum", "1")));
        });
        await using var balancer = await TestBalancer.Http2Async(target);
        using var client = balancer.Client();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Check: 2\r\n\r\n");
        await client.UntilAsync("x-sum: 1\r\n\r\n");
        Assert.Equal("2", trailers!["x-check"]);
    }

    [Theory]
    [InlineData("HEAD", 200, "500", true)]
    [InlineData("GET", 204, null, true)]
    [InlineData("GET", 304, "7", true)]
    [InlineData("GET", 200, null, true)]
    public async Task Answer_without_a_body_ends_with_its_head(string method, int status, string? length, bool ends)
    {
        await using var target = new RawHttp2Target(request => request.SendAsync(
            RawHttp2.Head(request.StreamId, ends, length is null ? [(":status", status.ToString())] : [(":status", status.ToString()), ("content-length", length)])));
        await using var balancer = await TestBalancer.Http2Async(target);
        using var client = balancer.Client();
        for (var i = 0; i < 2; i++)
        {
            var answer = await client.AskAsync($"{method} / HTTP/1.1\r\nHost: test\r\n\r\n");
            Assert.Equal((status, ""), (answer.Status, answer.Body));
        }
    }

    [Fact]
    public async Task Early_hints_come_before_the_answer()
    {
        await using var target = new RawHttp2Target(async request =>
        {
            await request.SendAsync(RawHttp2.Head(request.StreamId, false, (":status", "103"), ("link", "</a.css>")));
            await request.AnswerAsync(200, "ok");
        });
        await using var balancer = await TestBalancer.Http2Async(target);
        using var client = balancer.Client();
        var hints = await client.GetAsync();
        Assert.Equal((103, "</a.css>"), (hints.Status, hints.Field("link")));
        Assert.Equal("ok", (await client.ReadAsync()).Body);
    }

    [Fact]
    public async Task Upload_keeps_to_the_targets_windows_and_others_go_on()
    {
        RawHttp2Request? stuck = null;
        await using var target = new RawHttp2Target(async request =>
        {
            if (request.Path != "/stuck")
            {
                await request.AnswerAsync(200, "fine");
                return;
            }
            stuck = request;
            await request.AnswerAsync(200, (await request.Body).Length.ToString());
        }, (SettingId.InitialWindowSize, 20_000));
        target.Reads = false;
        await using var balancer = await TestBalancer.Http2Async(target);
        using var client = balancer.Client();
        await client.SendAsync("POST /stuck HTTP/1.1\r\nHost: test\r\nContent-Length: 200000\r\n\r\n" + new string('x', 200_000));
        await Until.TrueAsync(() => stuck is { Received: 20_000 }, "a window's worth");
        using var other = balancer.Client();
        Assert.Equal("fine", (await other.GetAsync()).Body);
        Assert.Equal(20_000, stuck!.Received);
        target.Reads = true;
        await stuck.SendAsync(RawHttp2.Window(0, 1_000_000), RawHttp2.Window(stuck.StreamId, 1_000_000));
        Assert.Equal("200000", (await client.ReadAsync()).Body);
    }

    [Fact]
    public async Task Answer_before_the_end_of_the_upload_is_whole()
    {
        await using var target = new RawHttp2Target(
            async request =>
            {
                await request.AnswerAsync(403, "no");
                await request.SendAsync(RawHttp2.Reset(request.StreamId, ErrorCode.NoError));
            }, (SettingId.InitialWindowSize, 1000));
        await using var balancer = await TestBalancer.Http2Async(target);
        using var client = balancer.Client();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 200000\r\n\r\n" + new string('x', 150_000));
        var answer = await client.ReadAsync();
        Assert.Equal((403, "no"), (answer.Status, answer.Body));
    }

    public static TheoryData<string, byte[]> Nonsense => new()
    {
        { "a head without status", RawHttp2.Head(1, true, ("x-mine", "1")) },
        { "a field of a connection", RawHttp2.Head(1, true, (":status", "200"), ("connection", "close")) },
        { "a line end in a value", RawHttp2.Head(1, true, (":status", "200"), ("x-mine", "a\r\nset-cookie: b")) },
        { "status 101", RawHttp2.Head(1, false, (":status", "101")) },
        { "more than its length", [.. RawHttp2.Head(1, false, (":status", "200"), ("content-length", "1")), .. RawHttp2.Data(1, "ab", true)] },
        { "less than its length", [.. RawHttp2.Head(1, false, (":status", "200"), ("content-length", "3")), .. RawHttp2.Data(1, "ab", true)] },
        { "DATA before a head", RawHttp2.Data(1, "ab", true) },
        { "a block that cannot be decoded", RawHttp2.Frame(FrameType.Headers, FrameFlags.EndHeaders | FrameFlags.EndStream, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F) },
        { "a promise", RawHttp2.Frame(FrameType.PushPromise, FrameFlags.EndHeaders, 1, 0, 0, 0, 2) },
        { "a frame that is too large", RawHttp2.Frame(FrameType.Data, FrameFlags.None, 1, new byte[16385]) },
        { "a window beyond all bounds", RawHttp2.Window(0, int.MaxValue) },
        { "a stream nobody opened", RawHttp2.Head(7, true, (":status", "200")) },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task Target_that_talks_nonsense_is_answered_for_with_502(string what, byte[] nonsense)
    {
        await using var target = new RawHttp2Target(request => request.SendAsync(nonsense));
        await using var balancer = await TestBalancer.Http2Async(target);
        using var client = balancer.Client();
        var answer = await client.AskAsync("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi");
        Assert.True(answer.Status == 502, $"{what}: {answer.Status}");
        Assert.DoesNotContain("set-cookie", answer.Head);
    }

    [Fact]
    public async Task Target_that_does_not_speak_HTTP_2_is_said_not_to()
    {
        await using var target = RawTarget.Answering("fine");
        await using var balancer = await TestBalancer.Http2Async(null, target.Port);
        using var client = balancer.Client();
        Assert.Equal(503, (await client.GetAsync()).Status);
        Assert.Contains("no HTTP/2 came from it", balancer.Report("t0").Reason);
    }

    [Fact]
    public async Task Connection_that_has_died_silently_is_found_dead_after_the_first_request_that_it_keeps_waiting()
    {
        await using var target = new RawHttp2Target(async request =>
        {
            if (request.Path == "/hang") await Task.Delay(Timeout.Infinite);
            await request.AnswerAsync(200, "fine");
        });
        target.Pongs = false;
        await using var balancer = await TestBalancer.Http2Async(new RouteRules { Timeout = TimeSpan.FromSeconds(10), Retries = 0 }, target.Port);
        using var client = balancer.Client();
        var hangs = client.GetAsync("/hang");
        await Until.TrueAsync(() => target.Requests == 1, "request at the target");
        await balancer.Time.LeapUntilAsync(TimeSpan.FromSeconds(11), hangs);
        Assert.Equal(504, (await hangs).Status);
        await balancer.Time.LeapUntilAsync(TimeSpan.FromSeconds(6), Until.TrueAsync(() => target.Open == 0, "connection given up"));
        using var next = balancer.Client();
        Assert.Equal("fine", (await next.GetAsync()).Body);
        Assert.Equal(2, target.Connections);
    }

    [Fact]
    public async Task Checks_by_HTTP_are_made_in_HTTP_2_as_well()
    {
        var healthy = true;
        await using var target = new RawHttp2Target(request => request.AnswerAsync(request.Path == "/health" && !healthy ? 503 : 200, "fine"));
        var check = new HealthCheck { Kind = CheckKind.Http, Path = "/health", Every = TimeSpan.FromMilliseconds(100), Timeout = TimeSpan.FromSeconds(5) };
        await using var balancer = await TestBalancer.ServeAsync(new RoutePlan
        {
            Id = "r1",
            Name = "site",
            Matches = [new RouteMatch("*")],
            Check = check,
            Rules = new RouteRules { Speak = TargetHttp.Http2 },
            Targets = [TestBalancer.Target("t0", target.Port)],
        });
        Assert.Equal(TargetState.Up, balancer.Report("t0").State);
        healthy = false;
        await Until.TrueAsync(() => balancer.Report("t0").State == TargetState.Down, "found ill");
        Assert.Contains("answered 503", balancer.Report("t0").Reason);
        healthy = true;
        await Until.TrueAsync(() => balancer.Report("t0").State == TargetState.Up, "found well");
    }

    [Fact]
    public async Task Both_sides_speak_HTTP_2()
    {
        await using var target = new RawHttp2Target(async request =>
        {
            var body = await request.Body;
            await request.SendAsync(
                RawHttp2.Head(request.StreamId, false, (":status", "200")), RawHttp2.Data(request.StreamId, body), RawHttp2.Head(request.StreamId, true, ("x-sum", body.Length.ToString())));
        });
        await using var balancer = await TestBalancer.Http2Async(target);
        using var client = await RawHttp2.OpenAsync(balancer.Port);
        for (var id = 1; id < 20; id += 2) await client.SendAsync(RawHttp2.Post(id), RawHttp2.Data(id, "hello"), RawHttp2.Data(id, "you", true));
        for (var id = 1; id < 20; id += 2)
        {
            var answer = await client.AnswerAsync(id);
            Assert.Equal((200, "helloyou", "8"), (answer.Status, answer.Body, answer.Heads[1]["x-sum"]));
        }
        Assert.Equal(1, target.Connections);
    }
}
