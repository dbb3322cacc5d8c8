using System.Net.Sockets;
using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Tests.Support;
using static OpenCluster.LoadBalancer.Tests.Support.RawHttp2;

namespace OpenCluster.LoadBalancer.Tests.Http2;

/// <summary>What HTTP says, carried over the border between its versions: clients that speak HTTP/2, targets that speak HTTP/1.1.</summary>
public sealed class ExchangeTests
{
    private const FrameFlags Whole = FrameFlags.EndHeaders | FrameFlags.EndStream;

    [Fact]
    public async Task Target_sees_an_ordinary_request_with_the_client_told()
    {
        var head = "";
        await using var target = new RawTarget(request =>
        {
            head = request.Head;
            return request.AnswerAsync(200, "fine");
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Get(1, "/a?b=c", ("cookie", "a=1"), ("x-mine", "yes"), ("cookie", "b=2"), ("te", "trailers")));
        await client.AnswerAsync(1);
        Assert.StartsWith("GET /a?b=c HTTP/1.1\r\nhost: test\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\ncookie: a=1; b=2\r\nx-mine: yes\r\n", head);
        Assert.Contains("\r\nX-Forwarded-For: 127.0.0.1\r\n", head);
        Assert.DoesNotContain("te:", head);
        Assert.DoesNotContain("transfer-encoding", head);
    }

    [Fact]
    public async Task Answer_loses_what_belongs_to_a_connection_and_upper_case()
    {
        await using var target = new RawTarget(request => request.AnswerAsync(200, "fine", "X-Mine: Yes\r\nKeep-Alive: timeout=5\r\nConnection: X-Drop\r\nX-Drop: 1\r\nSet-Cookie: a=b\r\n"));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Get(1));
        var answer = await client.AnswerAsync(1);
        Assert.Equal("fine", answer.Body);
        Assert.Equal("Yes", answer.Heads[0]["x-mine"]);
        Assert.Equal("a=b", answer.Heads[0]["set-cookie"]);
        Assert.Equal([":status", "content-length", "date", "set-cookie", "x-mine"], answer.Heads[0].Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 200, "500")]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, null)]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: \"a\"\r\n\r\n", 304, "7")]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "0")]
    public async Task Answer_without_a_body_ends_with_its_head(string method, string answered, int status, string? length)
    {
        await using var target = new RawTarget(request => request.SendAsync(answered));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Frame(FrameType.Headers, Whole, 1, Block(Request(method))));
        var answer = await client.AnswerAsync(1);
        Assert.Equal(status, answer.Status);
        Assert.Equal(length, answer.Heads[0].GetValueOrDefault("content-length"));
        Assert.DoesNotContain(client.Frames, f => f.Type == FrameType.Data);
    }

    [Fact]
    public async Task Early_hints_come_before_the_answer()
    {
        await using var target = new RawTarget(request => request.SendAsync("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Get(1));
        var answer = await client.AnswerAsync(1);
        Assert.Equal(["103", "200"], answer.Heads.Select(h => h[":status"]));
        Assert.Equal("</a.css>", answer.Heads[0]["link"]);
        Assert.Equal("ok", answer.Body);
    }

    [Fact]
    public async Task Who_expects_100_is_told_to_go_on()
    {
        await using var target = new RawTarget(async request => await request.AnswerAsync(200, await request.BodyAsync()));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Post(1, "/", ("expect", "100-continue"), ("content-length", "5")));
        await client.UntilAsync(f => f.Type == FrameType.Headers);
        Assert.Equal("100", client.Answer(1).Heads[0][":status"]);
        await client.SendAsync(Data(1, "hello", true));
        Assert.Equal("hello", (await client.AnswerAsync(1)).Body);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_comes_through_whether_its_length_is_told_or_not(bool told)
    {
        await using var target = new RawTarget(async request => await request.AnswerAsync(200, await request.BodyAsync()));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        (string, string)[] fields = told ? [("content-length", "10")] : [];
        await client.SendAsync(Post(1, "/", fields), Data(1, "hello"), Data(1, "world", true));
        Assert.Equal("helloworld", (await client.AnswerAsync(1)).Body);
        await client.SendAsync(Post(3, "/", fields));
        await client.PongsAsync();
        await client.SendAsync(Data(3, "hello"));
        await client.PongsAsync();
        await client.SendAsync(Data(3, "world"), Data(3, "", true));
        Assert.Equal("helloworld", (await client.AnswerAsync(3)).Body);
    }

    [Fact]
    public async Task Trailers_go_both_ways()
    {
        var received = "";
        await using var target = new RawTarget(async request =>
        {
            received = await request.TakeAsync("5\r\nhello\r\n0\r\nx-check: 1\r\n\r\n".Length);
            await request.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Grpc-Status\r\n\r\n2\r\nok\r\n0\r\nGrpc-Status: 0\r\n\r\n");
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Post(1), Data(1, "hello"), Frame(FrameType.Headers, Whole, 1, Block(("x-check", "1"))));
        var answer = await client.AnswerAsync(1);
        Assert.EndsWith("0\r\nx-check: 1\r\n\r\n", received, StringComparison.Ordinal);
        Assert.Equal("ok", answer.Body);
        Assert.Equal(2, answer.Heads.Count);
        Assert.Equal("0", answer.Heads[1]["grpc-status"]);
    }

    [Fact]
    public async Task Events_pass_one_by_one_as_they_come()
    {
        var next = new SemaphoreSlim(0);
        await using var target = new RawTarget(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (var i = 0; i < 3; i++)
            {
                await next.WaitAsync();
                await request.SendAsync($"9\r\ndata: {i}\n\n\r\n");
            }
            await request.SendAsync("0\r\n\r\n");
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Get(1));
        await client.UntilAsync(f => f.Type == FrameType.Headers);
        for (var i = 0; i < 3; i++)
        {
            next.Release();
            await client.UntilAsync(_ => client.Answer(1).Body.EndsWith($"data: {i}\n\n", StringComparison.Ordinal));
        }
        await client.AnswerAsync(1);
    }

    [Fact]
    public async Task Cancelled_request_is_given_up_at_its_target()
    {
        var (came, gone) = (new TaskCompletionSource(), new TaskCompletionSource<int>());
        await using var target = new RawTarget(async request =>
        {
            came.TrySetResult();
            gone.TrySetResult(await request.Socket.ReceiveAsync(new byte[1]));
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Get(1));
        await came.Task;
        await client.SendAsync(RawHttp2.Reset(1));
        Assert.Equal(0, await gone.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        Assert.True(await client.PongsAsync());
        Assert.Equal(OpenCluster.Model.Balancing.TargetState.Up, State(balancer));
    }

    [Theory]
    [InlineData("Content-Length: 100000")]
    [InlineData("Transfer-Encoding: chunked")]
    public async Task Answer_that_breaks_off_resets_its_stream_and_no_other(string framing)
    {
        await using var target = new RawTarget(async request =>
        {
            if (request.Target == "/fine")
            {
                await request.AnswerAsync(200, "fine");
                return;
            }
            await request.SendAsync($"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n3\r\nabc\r\n");
            await Task.Delay(50);
            request.Close();
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Get(1, "/cut"));
        Assert.Equal(ErrorCode.InternalError, (await client.AnswerAsync(1)).Reset);
        await client.SendAsync(Get(3, "/fine"));
        Assert.Equal("fine", (await client.AnswerAsync(3)).Body);
    }

    [Fact]
    public async Task Answer_before_the_end_of_the_upload_is_whole_and_the_rest_is_not_wanted()
    {
        await using var target = new RawTarget(request => request.AnswerAsync(403, "no", "Connection: close\r\n"));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Post(1), Data(1, "x"));
        var answer = await client.AnswerAsync(1);
        await client.UntilAsync(f => f.Type == FrameType.RstStream);
        Assert.Equal((403, "no", ErrorCode.NoError), (answer.Status, answer.Body, client.Answer(1).Reset));
        // What was on its way is no fault.
        await client.SendAsync(Data(1, "y"), Data(1, "z", true), Get(3));
        Assert.Equal(403, (await client.AnswerAsync(3)).Status);
    }

    [Fact]
    public async Task Upload_is_held_back_by_a_target_that_does_not_read_and_others_go_on()
    {
        var stop = new TaskCompletionSource();
        await using var target = new RawTarget(async request =>
        {
            if (request.Target == "/stuck") await stop.Task;
            else await request.AnswerAsync(200, "fine");
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Post(1, "/stuck"));
        // As much as the windows allow, until nothing moves any more.
        var (window, all) = (262_144L, 1_048_576L);
        var seen = 0;
        var sent = 0L;
        while (true)
        {
            if (Math.Min(window, all) >= 16384)
            {
                await client.SendAsync(Data(1, new string('x', 16384)));
                (window, all, sent) = (window - 16384, all - 16384, sent + 16384);
                continue;
            }
            Assert.True(await client.PongsAsync());
            var updates = client.Frames.Skip(seen).Where(f => f.Type == FrameType.WindowUpdate).ToList();
            seen = client.Frames.Count;
            if (updates.Count == 0) break;
            foreach (var update in updates)
            {
                var more = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(update.Payload);
                if (update.StreamId == 0) all += more;
                else window += more;
            }
            Assert.True(sent < 64 << 20, "nothing held the upload back");
        }
        await client.SendAsync(Get(3));
        Assert.Equal("fine", (await client.AnswerAsync(3)).Body);
        stop.SetResult();
    }

    [Fact]
    public async Task Dead_target_is_made_good_by_another_as_ever()
    {
        await using var dies = new RawTarget(request =>
        {
            request.Reset();
            return Task.CompletedTask;
        });
        await using var good = RawTarget.Answering("good");
        await using var balancer = await TestBalancer.StartAsync(dies, good);
        using var client = await OpenAsync(balancer.Port);
        for (var id = 1; id < 40; id += 2)
        {
            await client.SendAsync(Get(id));
            Assert.Equal("good", (await client.AnswerAsync(id)).Body);
        }
    }

    [Theory]
    [InlineData("/../secret", 400)]
    [InlineData("/a/%2e%2e/secret", 400)]
    public async Task Rules_of_HTTP_1_1_hold_for_paths(string path, int status)
    {
        await using var target = RawTarget.Answering("never");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Get(1, path));
        Assert.Equal(status, (await client.AnswerAsync(1)).Status);
        Assert.Equal(0, target.Requests);
    }

    [Fact]
    public async Task Two_lengths_and_a_length_that_is_none_are_refused()
    {
        await using var target = RawTarget.Answering("never");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Post(1, "/", ("content-length", "1"), ("content-length", "2")), Post(3, "/", ("content-length", "+1")), Post(5, "/", ("content-length", "0x1")));
        foreach (var id in new[] { 1, 3, 5 }) Assert.Equal(400, (await client.AnswerAsync(id)).Status);
        Assert.Equal(0, target.Requests);
    }

    [Fact]
    public async Task Headers_that_are_too_large_are_answered_431_and_the_connection_goes_on()
    {
        await using var target = RawTarget.Answering("fine");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        var large = Block([.. Request(), .. Enumerable.Range(0, 3).Select(i => ($"x-{i}", new string('x', 10_000)))]);
        var over = Block([.. Request(), .. Enumerable.Range(0, 110).Select(i => ($"x-{i}", "y"))]);
        await client.SendAsync(Pieces(1, large));
        Assert.Equal(200, (await client.AnswerAsync(1)).Status);
        await client.SendAsync(Pieces(3, over));
        Assert.Equal(431, (await client.AnswerAsync(3)).Status);
        await client.SendAsync(Get(5));
        Assert.Equal(200, (await client.AnswerAsync(5)).Status);
    }

    [Fact]
    public async Task WebSocket_comes_by_extended_CONNECT_and_goes_on_as_an_upgrade()
    {
        var head = "";
        await using var target = new RawTarget(async request =>
        {
            head = request.Head;
            await request.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: chat\r\n\r\nhello");
            var text = await request.TakeAsync(4);
            await request.SendAsync("you said " + text);
            request.Socket.Shutdown(SocketShutdown.Send);
            await request.Socket.ReceiveAsync(new byte[1]);
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        var settings = client.Frames[0].Payload;
        Assert.Contains([0, 8, 0, 0, 0, 1], Enumerable.Range(0, settings.Length / 6).Select(i => settings[(i * 6)..(i * 6 + 6)]));
        await client.SendAsync(Frame(FrameType.Headers, FrameFlags.EndHeaders, 1, Block(
            (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/chat"), (":authority", "test"),
            ("sec-websocket-version", "13"), ("sec-websocket-protocol", "chat"))));
        await client.UntilAsync(_ => client.Answer(1).Body == "hello");
        Assert.Equal(200, client.Answer(1).Status);
        Assert.Equal("chat", client.Answer(1).Heads[0]["sec-websocket-protocol"]);
        Assert.DoesNotContain("sec-websocket-accept", client.Answer(1).Heads[0].Keys);
        Assert.StartsWith("GET /chat HTTP/1.1\r\n", head, StringComparison.Ordinal);
        Assert.Contains("Connection: Upgrade\r\n", head);
        Assert.Contains("upgrade: websocket\r\n", head);
        Assert.Matches("sec-websocket-key: [A-Za-z0-9+/]{22}==\r\n", head);
        await client.SendAsync(Data(1, "ping"));
        Assert.Equal("helloyou said ping", (await client.AnswerAsync(1)).Body);
        await client.SendAsync(Data(1, "", true));
        Assert.True(await client.PongsAsync());
    }

    [Fact]
    public async Task WebSocket_that_its_target_refuses_is_an_ordinary_answer()
    {
        await using var target = new RawTarget(request => request.AnswerAsync(404, "none here"));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Frame(FrameType.Headers, FrameFlags.EndHeaders, 1, Block(
            (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/chat"), (":authority", "test"))));
        var answer = await client.AnswerAsync(1);
        Assert.Equal((404, "none here"), (answer.Status, answer.Body));
    }

    private static byte[] Pieces(int streamId, byte[] block)
    {
        var frames = new List<byte>();
        for (var at = 0; at < block.Length; at += 16384)
        {
            var ends = at + 16384 >= block.Length ? FrameFlags.EndHeaders : FrameFlags.None;
            frames.AddRange(at == 0
                ? Frame(FrameType.Headers, FrameFlags.EndStream | ends, streamId, block[..Math.Min(16384, block.Length)])
                : Frame(FrameType.Continuation, ends, streamId, block[at..Math.Min(at + 16384, block.Length)]));
        }
        return [.. frames];
    }

    private static OpenCluster.Model.Balancing.TargetState State(TestBalancer balancer) => balancer.Report("t0").State;
}
