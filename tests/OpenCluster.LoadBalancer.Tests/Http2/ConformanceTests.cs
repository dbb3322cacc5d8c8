using OpenCluster.LoadBalancer.Http2;
using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Tests.Support;
using static OpenCluster.LoadBalancer.Tests.Support.RawHttp2;

namespace OpenCluster.LoadBalancer.Tests.Http2;

/// <summary>What RFC 9113 says a server does with what a client sends, section by section.</summary>
public sealed class ConformanceTests
{
    private const FrameFlags Whole = FrameFlags.EndHeaders | FrameFlags.EndStream;

    /// <summary>Section and what is sent, the bytes, and the errors of the connection (GOAWAY) that are right.</summary>
    private static readonly Dictionary<string, (byte[][] Sent, ErrorCode[] Right)> ConnectionFaults = new()
    {
        ["3.4 a frame before SETTINGS is checked elsewhere; 4.2 a frame larger than 16 KiB"] = ([Frame(FrameType.Data, FrameFlags.None, 1, new byte[16385])], [ErrorCode.FrameSizeError]),
        ["4.2 HEADERS larger than 16 KiB"] = ([Frame(FrameType.Headers, Whole, 1, new byte[16385])], [ErrorCode.FrameSizeError]),
        ["4.3 a field block that cannot be decoded"] = ([Frame(FrameType.Headers, Whole, 1, 0x82, 0xFF)], [ErrorCode.CompressionError]),
        ["4.3 a broken trailer block"] = ([Post(1), Frame(FrameType.Headers, Whole, 1, 0x80)], [ErrorCode.CompressionError]),
        ["4.3 PRIORITY within a field block"] = ([Frame(FrameType.Headers, FrameFlags.EndStream, 1, Block(Request())), Frame(FrameType.Priority, FrameFlags.None, 1, 0, 0, 0, 0, 1)], [ErrorCode.ProtocolError]),
        ["4.3 another stream's HEADERS within a field block"] = ([Frame(FrameType.Headers, FrameFlags.EndStream, 1, Block(Request())), Get(3)], [ErrorCode.ProtocolError]),
        ["5.1 idle: DATA"] = ([Data(1, "x")], [ErrorCode.ProtocolError]),
        ["5.1 idle: RST_STREAM"] = ([RawHttp2.Reset(1)], [ErrorCode.ProtocolError]),
        ["5.1 idle: WINDOW_UPDATE"] = ([Window(1, 1)], [ErrorCode.ProtocolError]),
        ["5.1 idle: CONTINUATION"] = ([Frame(FrameType.Continuation, FrameFlags.EndHeaders, 1)], [ErrorCode.ProtocolError]),
        ["5.1.1 an even stream"] = ([Get(2)], [ErrorCode.ProtocolError]),
        ["5.1.1 a stream lower than one before"] = ([Get(5), Get(3)], [ErrorCode.ProtocolError, ErrorCode.StreamClosed]),
        ["6.1 DATA for stream 0"] = ([Data(0, "x")], [ErrorCode.ProtocolError]),
        ["6.1 more padding than frame"] = ([Post(1), Frame(FrameType.Data, FrameFlags.Padded, 1, 5, 1, 2)], [ErrorCode.ProtocolError]),
        ["6.2 HEADERS for stream 0"] = ([Frame(FrameType.Headers, Whole, 0, Block(Request()))], [ErrorCode.ProtocolError]),
        ["6.2 HEADERS with more padding than frame"] = ([Frame(FrameType.Headers, Whole | FrameFlags.Padded, 1, 200, 0x82)], [ErrorCode.ProtocolError]),
        ["6.3 PRIORITY for stream 0"] = ([Frame(FrameType.Priority, FrameFlags.None, 0, 0, 0, 0, 0, 1)], [ErrorCode.ProtocolError]),
        ["6.4 RST_STREAM for stream 0"] = ([RawHttp2.Reset(0)], [ErrorCode.ProtocolError]),
        ["6.4 RST_STREAM of another length than 4"] = ([Get(1), Frame(FrameType.RstStream, FrameFlags.None, 1, 0, 0, 8)], [ErrorCode.FrameSizeError]),
        ["6.5 SETTINGS for a stream"] = ([Frame(FrameType.Settings, FrameFlags.None, 1)], [ErrorCode.ProtocolError]),
        ["6.5 SETTINGS acknowledgement with payload"] = ([Frame(FrameType.Settings, FrameFlags.Ack, 0, new byte[6])], [ErrorCode.FrameSizeError]),
        ["6.5 SETTINGS of a length that is no multiple of 6"] = ([Frame(FrameType.Settings, FrameFlags.None, 0, 1, 2, 3)], [ErrorCode.FrameSizeError]),
        ["6.5.2 ENABLE_PUSH of 2"] = ([RawHttp2.Settings((SettingId.EnablePush, 2))], [ErrorCode.ProtocolError]),
        ["6.5.2 INITIAL_WINDOW_SIZE beyond 2^31-1"] = ([RawHttp2.Settings((SettingId.InitialWindowSize, 0x80000000))], [ErrorCode.FlowControlError]),
        ["6.5.2 MAX_FRAME_SIZE below 2^14"] = ([RawHttp2.Settings((SettingId.MaxFrameSize, 16383))], [ErrorCode.ProtocolError]),
        ["6.5.2 MAX_FRAME_SIZE beyond 2^24-1"] = ([RawHttp2.Settings((SettingId.MaxFrameSize, 1 << 24))], [ErrorCode.ProtocolError]),
        ["6.6 PUSH_PROMISE from a client"] = ([Frame(FrameType.PushPromise, FrameFlags.EndHeaders, 1, 0, 0, 0, 2, 0x82)], [ErrorCode.ProtocolError]),
        ["6.7 PING for a stream"] = ([Frame(FrameType.Ping, FrameFlags.None, 1, new byte[8])], [ErrorCode.ProtocolError]),
        ["6.7 PING of another length than 8"] = ([Frame(FrameType.Ping, FrameFlags.None, 0, new byte[7])], [ErrorCode.FrameSizeError]),
        ["6.8 GOAWAY for a stream"] = ([Frame(FrameType.GoAway, FrameFlags.None, 1, new byte[8])], [ErrorCode.ProtocolError]),
        ["6.8 GOAWAY cut short"] = ([Frame(FrameType.GoAway, FrameFlags.None, 0, new byte[4])], [ErrorCode.FrameSizeError]),
        ["6.9 WINDOW_UPDATE of another length than 4"] = ([Frame(FrameType.WindowUpdate, FrameFlags.None, 0, 0, 0, 1)], [ErrorCode.FrameSizeError]),
        ["6.9 the connection's window grows by nothing"] = ([Window(0, 0)], [ErrorCode.ProtocolError]),
        ["6.9.1 the connection's window grows beyond 2^31-1"] = ([Window(0, int.MaxValue), Window(0, int.MaxValue)], [ErrorCode.FlowControlError]),
        ["6.10 CONTINUATION after a whole block"] = ([Post(1), Frame(FrameType.Continuation, FrameFlags.EndHeaders, 1)], [ErrorCode.ProtocolError]),
        ["6.10 CONTINUATION for stream 0"] = ([Frame(FrameType.Headers, FrameFlags.None, 1, Block(Request())), Frame(FrameType.Continuation, FrameFlags.EndHeaders, 0)], [ErrorCode.ProtocolError]),
        ["6.10 a block that goes on in DATA"] = ([Frame(FrameType.Headers, FrameFlags.None, 1, Block(Request())), Data(1, "x")], [ErrorCode.ProtocolError]),
    };

    /// <summary>The same for faults of one stream, number 1: it is reset and the connection lives on.</summary>
    private static readonly Dictionary<string, (byte[][] Sent, ErrorCode[] Right)> StreamFaults = new()
    {
        ["5.1 half-closed: HEADERS"] = ([Get(1, "/wait"), Get(1)], [ErrorCode.StreamClosed]),
        ["5.1 half-closed: DATA"] = ([Get(1, "/wait"), Data(1, "x")], [ErrorCode.StreamClosed]),
        ["5.3.1 HEADERS that depend on themselves"] = ([Frame(FrameType.Headers, Whole | FrameFlags.Priority, 1, [0, 0, 0, 1, 1, .. Block(Request())])], [ErrorCode.ProtocolError]),
        ["5.3.1 PRIORITY that depends on itself"] = ([Get(1, "/wait"), Frame(FrameType.Priority, FrameFlags.None, 1, 0, 0, 0, 1, 1)], [ErrorCode.ProtocolError]),
        ["6.3 PRIORITY of another length than 5"] = ([Get(1, "/wait"), Frame(FrameType.Priority, FrameFlags.None, 1, 0, 0, 0, 0)], [ErrorCode.FrameSizeError]),
        ["6.9 a stream's window grows by nothing"] = ([Get(1, "/wait"), Window(1, 0)], [ErrorCode.ProtocolError]),
        ["6.9.1 a stream's window grows beyond 2^31-1"] = ([Get(1, "/wait"), Window(1, int.MaxValue), Window(1, int.MaxValue)], [ErrorCode.FlowControlError]),
        ["8.1 trailers without END_STREAM"] = ([Post(1), Frame(FrameType.Headers, FrameFlags.EndHeaders, 1, Block(("x-a", "b")))], [ErrorCode.ProtocolError]),
        ["8.1 pseudo-header field in trailers"] = ([Post(1), Frame(FrameType.Headers, Whole, 1, Block((":method", "GET")))], [ErrorCode.ProtocolError]),
        ["8.1.1 more body than Content-Length says"] = ([Post(1, "/", ("content-length", "1")), Data(1, "xx", true)], [ErrorCode.ProtocolError]),
        ["8.1.1 less body than Content-Length says"] = ([Post(1, "/", ("content-length", "3")), Data(1, "xx", true)], [ErrorCode.ProtocolError]),
        ["8.1.1 Content-Length and no body"] = ([Get(1, "/", ("content-length", "3"))], [ErrorCode.ProtocolError]),
        ["8.2.1 upper case in a name"] = ([Get(1, "/", ("X-A", "b"))], [ErrorCode.ProtocolError]),
        ["8.2.1 a blank in a name"] = ([Get(1, "/", ("x a", "b"))], [ErrorCode.ProtocolError]),
        ["8.2.1 an empty name"] = ([Get(1, "/", ("", "b"))], [ErrorCode.ProtocolError]),
        ["8.2.1 a colon in a name"] = ([Get(1, "/", ("x:a", "b"))], [ErrorCode.ProtocolError]),
        ["8.2.1 CR LF in a value"] = ([Get(1, "/", ("x-a", "b\r\nhost: evil"))], [ErrorCode.ProtocolError]),
        ["8.2.1 LF in a value"] = ([Get(1, "/", ("x-a", "b\nc"))], [ErrorCode.ProtocolError]),
        ["8.2.1 NUL in a value"] = ([Get(1, "/", ("x-a", "b\0c"))], [ErrorCode.ProtocolError]),
        ["8.2.1 a blank before a value"] = ([Get(1, "/", ("x-a", " b"))], [ErrorCode.ProtocolError]),
        ["8.2.1 a tab after a value"] = ([Get(1, "/", ("x-a", "b\t"))], [ErrorCode.ProtocolError]),
        ["8.2.2 Connection"] = ([Get(1, "/", ("connection", "keep-alive"))], [ErrorCode.ProtocolError]),
        ["8.2.2 Transfer-Encoding"] = ([Get(1, "/", ("transfer-encoding", "chunked"))], [ErrorCode.ProtocolError]),
        ["8.2.2 Upgrade"] = ([Get(1, "/", ("upgrade", "websocket"))], [ErrorCode.ProtocolError]),
        ["8.2.2 Keep-Alive"] = ([Get(1, "/", ("keep-alive", "timeout=5"))], [ErrorCode.ProtocolError]),
        ["8.2.2 Proxy-Connection"] = ([Get(1, "/", ("proxy-connection", "keep-alive"))], [ErrorCode.ProtocolError]),
        ["8.2.2 TE other than trailers"] = ([Get(1, "/", ("te", "gzip"))], [ErrorCode.ProtocolError]),
        ["8.3 an unknown pseudo-header field"] = ([Get(1, "/", (":test", "x"))], [ErrorCode.ProtocolError]),
        ["8.3 an answer's pseudo-header field"] = ([Get(1, "/", (":status", "200"))], [ErrorCode.ProtocolError]),
        ["8.3 a pseudo-header field after a regular one"] = ([Head((":method", "GET"), (":scheme", "http"), ("x-a", "b"), (":path", "/"))], [ErrorCode.ProtocolError]),
        ["8.3.1 two :path"] = ([Get(1, "/", (":path", "/b"))], [ErrorCode.ProtocolError]),
        ["8.3.1 two :method"] = ([Get(1, "/", (":method", "GET"))], [ErrorCode.ProtocolError]),
        ["8.3.1 two :authority"] = ([Get(1, "/", (":authority", "other"))], [ErrorCode.ProtocolError]),
        ["8.3.1 no :method"] = ([Head((":scheme", "http"), (":path", "/"), (":authority", "test"))], [ErrorCode.ProtocolError]),
        ["8.3.1 no :scheme"] = ([Head((":method", "GET"), (":path", "/"), (":authority", "test"))], [ErrorCode.ProtocolError]),
        ["8.3.1 no :path"] = ([Head((":method", "GET"), (":scheme", "http"), (":authority", "test"))], [ErrorCode.ProtocolError]),
        ["8.3.1 an empty :path"] = ([Get(1, "")], [ErrorCode.ProtocolError]),
        ["8.3.1 a Host that differs from :authority"] = ([Get(1, "/", ("host", "other"))], [ErrorCode.ProtocolError]),
        ["8.3.1 user information in :authority"] = ([Head((":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "me@test"))], [ErrorCode.ProtocolError]),
        ["8.3.1 a request within :path"] = ([Get(1, "/ HTTP/1.1\r\nhost: evil\r\n\r\nGET /b")], [ErrorCode.ProtocolError]),
        ["8.3.1 a blank in :path"] = ([Get(1, "/a b")], [ErrorCode.ProtocolError]),
        ["8.3.1 a line end in :method"] = ([Frame(FrameType.Headers, Whole, 1, Block(Request("GET / HTTP/1.1\r\nx: y\r\n\r\nGET")))], [ErrorCode.ProtocolError]),
        ["8.3.1 another scheme"] = ([Head((":method", "GET"), (":scheme", "ftp"), (":path", "/"), (":authority", "test"))], [ErrorCode.ProtocolError]),
        ["8.5 CONNECT"] = ([Head((":method", "CONNECT"), (":authority", "test:80"))], [ErrorCode.ProtocolError]),
    };

    /// <summary>What a server must take as it is: request 1 is answered 200.</summary>
    private static readonly Dictionary<string, byte[][]> Fine = new()
    {
        ["3.4 and 4.1 unknown frames"] = [Frame((FrameType)0x16, FrameFlags.None, 0, 1, 2, 3), Frame((FrameType)0xFE, (FrameFlags)255, 77, 1), Get(1)],
        ["4.1 undefined flags"] = [Frame(FrameType.Headers, Whole | (FrameFlags)0x80, 1, Block(Request()))],
        ["4.3 a block in three frames"] = [Frame(FrameType.Headers, FrameFlags.EndStream, 1, Block(Request())[..7]), Frame(FrameType.Continuation, FrameFlags.None, 1, Block(Request())[7..20]), Frame(FrameType.Continuation, FrameFlags.EndHeaders, 1, Block(Request())[20..])],
        ["5.1 PRIORITY for an idle stream"] = [Frame(FrameType.Priority, FrameFlags.None, 3, 0, 0, 0, 1, 16), Get(1)],
        ["5.1.1 streams may be left out"] = [Get(1), Get(101)],
        ["6.1 padded DATA"] = [Post(1), Frame(FrameType.Data, FrameFlags.Padded | FrameFlags.EndStream, 1, 3, (byte)'a', 0, 0, 0)],
        ["6.1 padding only"] = [Post(1), Frame(FrameType.Data, FrameFlags.Padded, 1, 2, 0, 0), Data(1, "", true)],
        ["6.2 padded HEADERS with a priority"] = [Frame(FrameType.Headers, Whole | FrameFlags.Padded | FrameFlags.Priority, 1, [2, 0, 0, 0, 0, 9, .. Block(Request()), 0, 0])],
        ["6.5 unknown settings"] = [RawHttp2.Settings(((SettingId)0xF0, 7)), Get(1)],
        ["6.5 empty SETTINGS"] = [RawHttp2.Settings(), Get(1)],
        ["6.5.2 the largest frame size"] = [RawHttp2.Settings((SettingId.MaxFrameSize, 0xFFFFFF)), Get(1)],
        ["6.5.2 a table of no size"] = [RawHttp2.Settings((SettingId.HeaderTableSize, 0)), Get(1)],
        ["6.7 a PING"] = [Frame(FrameType.Ping, FrameFlags.None, 0, new byte[8]), Get(1)],
        ["6.9.2 a window that shrinks and grows"] = [RawHttp2.Settings((SettingId.InitialWindowSize, 0)), Get(1), RawHttp2.Settings((SettingId.InitialWindowSize, 1)), RawHttp2.Settings((SettingId.InitialWindowSize, 65535))],
        ["8.1 trailers"] = [Post(1), Data(1, "x"), Frame(FrameType.Headers, Whole, 1, Block(("x-check", "1")))],
        ["8.1 an empty last DATA"] = [Post(1), Data(1, "x"), Data(1, "", true)],
        ["8.2.2 TE: trailers"] = [Get(1, "/", ("te", "trailers"))],
        ["8.2.3 cookies in pieces"] = [Get(1, "/", ("cookie", "a=1"), ("x-between", "1"), ("cookie", "b=2"))],
        ["8.3.1 Host instead of :authority"] = [Head((":method", "GET"), (":scheme", "http"), (":path", "/"), ("host", "test"))],
        ["8.3.1 Host and :authority alike"] = [Get(1, "/", ("host", "TEST"))],
        ["8.3.1 OPTIONS *"] = [Frame(FrameType.Headers, Whole, 1, Block(Request("OPTIONS", "*")))],
    };

    public static TheoryData<string> ConnectionFaultNames => [.. ConnectionFaults.Keys];
    public static TheoryData<string> StreamFaultNames => [.. StreamFaults.Keys];
    public static TheoryData<string> FineNames => [.. Fine.Keys];

    [Theory]
    [MemberData(nameof(ConnectionFaultNames))]
    public async Task Connection_ends_with_the_right_error_at(string fault)
    {
        await using var served = await Served.StartAsync();
        using var client = await OpenAsync(served.Port);
        await client.TrySendAsync(ConnectionFaults[fault].Sent);
        var goAway = await client.FindAsync(f => f.Type == FrameType.GoAway);
        Assert.NotNull(goAway);
        Assert.Contains(goAway.Code, ConnectionFaults[fault].Right);
        await client.EndAsync();
    }

    [Theory]
    [MemberData(nameof(StreamFaultNames))]
    public async Task Stream_is_reset_and_others_go_on_at(string fault)
    {
        await using var served = await Served.StartAsync();
        using var client = await OpenAsync(served.Port);
        await client.TrySendAsync(StreamFaults[fault].Sent);
        var reset = await client.UntilAsync(f => f.Type == FrameType.RstStream && f.StreamId == 1);
        Assert.Contains(reset.Code, StreamFaults[fault].Right);
        await client.SendAsync(Get(7));
        Assert.Equal(200, (await client.AnswerAsync(7)).Status);
        Assert.DoesNotContain(served.Heads, h => h.Contains("evil", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(FineNames))]
    public async Task Request_is_served_with(string what)
    {
        await using var served = await Served.StartAsync();
        using var client = await OpenAsync(served.Port);
        await client.SendAsync(Fine[what]);
        Assert.Equal(200, (await client.AnswerAsync(1)).Status);
        Assert.True(await client.PongsAsync());
    }

    [Theory]
    [InlineData("GET / HTTP/2.0\r\n\r\nXX\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")]
    public async Task Something_else_than_the_preface_gets_no_HTTP2(string preface)
    {
        await using var served = await Served.StartAsync();
        using var client = new RawHttp2(served.Port);
        await client.SendAsync(System.Text.Encoding.ASCII.GetBytes(preface), RawHttp2.Settings(), Get(1));
        await client.EndAsync();
        Assert.DoesNotContain(client.Frames, f => f.Type == FrameType.Headers);
    }

    [Fact]
    public async Task A_frame_before_the_first_SETTINGS_ends_the_connection()
    {
        await using var served = await Served.StartAsync();
        using var client = new RawHttp2(served.Port);
        await client.SendAsync(ServerConnection.ClientPreface.ToArray(), Get(1));
        Assert.Equal(ErrorCode.ProtocolError, (await client.UntilAsync(f => f.Type == FrameType.GoAway)).Code);
    }

    [Fact]
    public async Task The_preface_may_come_byte_by_byte()
    {
        await using var served = await Served.StartAsync();
        using var client = new RawHttp2(served.Port);
        foreach (var one in ServerConnection.ClientPreface.ToArray().Concat(RawHttp2.Settings()).Concat(Get(1))) await client.SendAsync([one]);
        Assert.Equal(200, (await client.AnswerAsync(1)).Status);
    }

    [Fact]
    public async Task Settings_are_acknowledged_and_those_of_the_server_are_told_first()
    {
        await using var served = await Served.StartAsync();
        using var client = await OpenAsync(served.Port);
        await client.UntilAsync(f => f.Type == FrameType.Settings && f.Flags == FrameFlags.Ack);
        Assert.Equal(FrameType.Settings, client.Frames[0].Type);
    }

    [Fact]
    public async Task DATA_never_exceeds_the_windows_of_stream_and_connection()
    {
        await using var target = RawTarget.Answering(new string('x', 200_000));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port, (SettingId.InitialWindowSize, 1000));
        await client.SendAsync(Get(1));
        await client.UntilAsync(_ => client.Answer(1).Body.Length == 1000);
        Assert.True(await client.PongsAsync());
        Assert.Equal(1000, client.Answer(1).Body.Length);

        // The stream may send all now, the connection 65,535.
        await client.SendAsync(Window(1, 300_000));
        await client.UntilAsync(_ => client.Answer(1).Body.Length == 65_535);
        Assert.True(await client.PongsAsync());
        Assert.Equal(65_535, client.Answer(1).Body.Length);
        await client.SendAsync(Window(0, 300_000));
        Assert.Equal(200_000, (await client.AnswerAsync(1)).Body.Length);
    }

    [Fact]
    public async Task A_window_made_negative_by_SETTINGS_holds_DATA_back_until_it_is_positive_again()
    {
        await using var target = RawTarget.Answering(new string('x', 5000));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port, (SettingId.InitialWindowSize, 3000));
        await client.SendAsync(Get(1));
        await client.UntilAsync(_ => client.Answer(1).Body.Length == 3000);
        // Now -2000; 2001 opens it by one byte.
        await client.SendAsync(RawHttp2.Settings((SettingId.InitialWindowSize, 1000)), Window(1, 2001));
        await client.UntilAsync(_ => client.Answer(1).Body.Length > 3000);
        Assert.True(await client.PongsAsync());
        Assert.Equal(3001, client.Answer(1).Body.Length);
    }

    [Fact]
    public async Task A_body_beyond_the_stream_window_is_a_flow_control_error()
    {
        // Without a target the request waits, and nobody reads its body.
        await using var balancer = await TestBalancer.StartAsync();
        using var client = await OpenAsync(balancer.Port);
        await client.TrySendAsync([Post(1), .. Enumerable.Range(0, 17).Select(_ => Data(1, new string('x', 16384)))]);
        var end = await client.UntilAsync(f => f.Type is FrameType.RstStream or FrameType.GoAway);
        Assert.Equal(ErrorCode.FlowControlError, end.Code);
    }

    private static byte[] Head(params (string, string)[] fields) => Frame(FrameType.Headers, Whole, 1, Block(fields));

    /// <summary>A balancer whose target answers 200 to everything, and to /wait never.</summary>
    private sealed class Served : IAsyncDisposable
    {
        private readonly RawTarget _target;
        private TestBalancer _balancer = null!;

        private Served() => _target = new RawTarget(async request =>
        {
            lock (Heads) Heads.Add(request.Head);
            if (request.Target == "/wait") await Task.Delay(Timeout.Infinite);
            await request.BodyAsync();
            await request.AnswerAsync(200, "fine");
        });

        public List<string> Heads { get; } = [];
        public int Port => _balancer.Port;

        public static async Task<Served> StartAsync()
        {
            var served = new Served();
            served._balancer = await TestBalancer.StartAsync(served._target);
            return served;
        }

        public async ValueTask DisposeAsync()
        {
            await _balancer.DisposeAsync();
            await _target.DisposeAsync();
        }
    }
}
