using OpenCluster.LoadBalancer.Http2;
using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Tests.Support;
using static OpenCluster.LoadBalancer.Tests.Support.RawHttp2;

namespace OpenCluster.LoadBalancer.Tests.Http2;

/// <summary>Clients that mean harm: what they can make us do is bounded, and others are served meanwhile.</summary>
public sealed class HardeningTests
{
    private const FrameFlags Whole = FrameFlags.EndHeaders | FrameFlags.EndStream;

    /// <summary>Frames sent again and again, each by its number.</summary>
    private static readonly Dictionary<string, Func<int, byte[]>> Floods = new()
    {
        ["streams opened and reset at once"] = i => [.. Get(2 * i + 1, "/wait"), .. RawHttp2.Reset(2 * i + 1)],
        ["streams opened and ended by a fault"] = i => Get(2 * i + 1, "/", ("connection", "close")),
        ["SETTINGS"] = _ => RawHttp2.Settings((SettingId.InitialWindowSize, 65535)),
        ["PING"] = _ => Frame(FrameType.Ping, FrameFlags.None, 0, new byte[8]),
        ["PRIORITY"] = i => Frame(FrameType.Priority, FrameFlags.None, 2 * i + 1, 0, 0, 0, 0, 1),
        ["empty DATA"] = i => i == 0 ? Post(1) : Data(1, ""),
        ["window updates by one"] = _ => Window(0, 1),
        ["unknown frames"] = _ => Frame((FrameType)99, FrameFlags.None, 0),
        ["frames for a stream that was reset"] = i => i == 0 ? [.. Get(1, "/", ("connection", "close"))] : Data(1, ""),
        ["CONTINUATION without end"] = i => i == 0 ? Frame(FrameType.Headers, FrameFlags.EndStream, 1, Block(Request())) : Frame(FrameType.Continuation, FrameFlags.None, 1),
        ["CONTINUATION with more and more"] = i => i == 0 ? Frame(FrameType.Headers, FrameFlags.EndStream, 1, Block(Request())) : Frame(FrameType.Continuation, FrameFlags.None, 1, Block(("x-a", new string('a', 8000)))),
    };

    public static TheoryData<string> FloodNames => [.. Floods.Keys];

    [Theory]
    [MemberData(nameof(FloodNames))]
    public async Task Client_is_told_to_calm_down_and_disconnected_at_a_flood_of(string what)
    {
        await using var target = new RawTarget(request => request.Target == "/wait" ? Task.Delay(Timeout.Infinite) : request.AnswerAsync(200, "fine"));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var other = await OpenAsync(balancer.Port);
        using var client = await OpenAsync(balancer.Port);
        for (var i = 0; i < 5000; i += 500) await client.TrySendAsync([.. Enumerable.Range(i, 500).Select(Floods[what])]);
        var goAway = await client.FindAsync(f => f.Type == FrameType.GoAway);
        // When it had more to read, the kernel's reset may have overtaken the reason.
        if (goAway is not null) Assert.Equal(ErrorCode.EnhanceYourCalm, goAway.Code);
        await client.EndAsync();
        Assert.True(target.Requests < 1000, $"{target.Requests} requests reached the target");
        await other.SendAsync(Get(1));
        Assert.Equal(200, (await other.AnswerAsync(1)).Status);
    }

    [Fact]
    public async Task Requests_reset_before_they_were_looked_at_never_reach_a_target()
    {
        await using var target = RawTarget.Answering("fine");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync([.. Enumerable.Range(0, 100).Select(i => (byte[])[.. Get(2 * i + 1), .. RawHttp2.Reset(2 * i + 1)])]);
        await client.SendAsync(Get(1001));
        Assert.Equal(200, (await client.AnswerAsync(1001)).Status);
        // What came split over two reads may have been begun.
        Assert.InRange(target.Requests, 1, 5);
    }

    [Fact]
    public async Task Streams_beyond_the_limit_are_refused_and_the_others_served()
    {
        var go = new TaskCompletionSource();
        await using var target = new RawTarget(async request =>
        {
            await go.Task;
            await request.AnswerAsync(200, "fine");
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync([.. Enumerable.Range(0, Http2Limits.Streams + 3).Select(i => Get(2 * i + 1))]);
        await client.UntilAsync(_ => client.Frames.Count(f => f.Type == FrameType.RstStream && f.Code == ErrorCode.RefusedStream) == 3);
        go.SetResult();
        for (var i = 0; i < Http2Limits.Streams; i++) Assert.Equal(200, (await client.AnswerAsync(2 * i + 1)).Status);
        await client.SendAsync(Get(1001));
        Assert.Equal(200, (await client.AnswerAsync(1001)).Status);
    }

    [Fact]
    public async Task Small_block_that_decodes_to_megabytes_is_answered_431()
    {
        await using var target = RawTarget.Answering("fine");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        // One entry of nearly the table's size, then an index of one byte to it, 12,000 times: 46 MB.
        var entry = new List<byte> { 0x40 };
        entry.AddRange(Block(("x", new string('b', 3900)))[1..]);
        byte[] bomb = [.. Block(Request()), .. entry, .. Enumerable.Repeat((byte)0xBE, 12_000)];
        await client.SendAsync(Frame(FrameType.Headers, Whole, 1, bomb));
        Assert.Equal(431, (await client.AnswerAsync(1)).Status);
        await client.SendAsync(Get(3));
        Assert.Equal(200, (await client.AnswerAsync(3)).Status);
        Assert.Equal(1, target.Requests);
    }

    [Fact]
    public async Task Client_that_opens_no_window_loses_its_stream_in_time()
    {
        await using var target = RawTarget.Answering(new string('x', 100_000));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port, (SettingId.InitialWindowSize, 0));
        await client.SendAsync(Get(1));
        await client.UntilAsync(f => f.Type == FrameType.Headers);
        var reset = client.UntilAsync(f => f.Type == FrameType.RstStream);
        await balancer.Time.LeapUntilAsync(TimeSpan.FromSeconds(31), reset);
        Assert.Equal(ErrorCode.Cancel, (await reset).Code);
    }

    [Fact]
    public async Task Client_that_never_sends_its_body_loses_its_stream_in_time()
    {
        await using var target = RawTarget.Answering("never");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Post(1, "/", ("content-length", "5")), Data(1, "x"));
        Assert.True(await client.PongsAsync());
        await balancer.Time.LeapUntilAsync(TimeSpan.FromSeconds(31), client.UntilAsync(f => f.Type == FrameType.RstStream));
        Assert.Equal(0, target.Requests);
    }

    [Theory]
    [InlineData("a block that does not end")]
    [InlineData("no settings")]
    [InlineData("nothing more")]
    public async Task Connection_is_closed_in_time_when_there_comes(string what)
    {
        await using var target = RawTarget.Answering("fine");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = what == "no settings" ? new RawHttp2(balancer.Port) : await OpenAsync(balancer.Port);
        if (what == "no settings") await client.SendAsync(ServerConnection.ClientPreface.ToArray());
        if (what == "a block that does not end") await client.SendAsync(Frame(FrameType.Headers, FrameFlags.None, 1, Block(Request())));
        if (what == "nothing more")
        {
            await client.SendAsync(Get(1));
            await client.AnswerAsync(1);
        }
        await client.UntilAsync(f => f.Type == FrameType.Settings);
        await Until.TrueAsync(() => balancer.Balancer.Stages.Connections.Count == 1, "connection accepted");
        await balancer.Time.LeapUntilAsync(what == "nothing more" ? TimeSpan.FromSeconds(76) : TimeSpan.FromSeconds(11), client.EndAsync());
        await Until.TrueAsync(() => balancer.Balancer.Stages.Connections.Count == 0, "connection ended");
    }

    [Fact]
    public async Task Client_that_reads_nothing_is_not_asked_for_more_and_then_disconnected()
    {
        await using var target = RawTarget.Answering("fine");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        // Answers by the thousand, none read: the kernel's buffers fill up, then ours, then nothing more is taken.
        using var stop = new CancellationTokenSource();
        var flood = FloodAsync(client, stop.Token);
        await balancer.Time.LeapUntilAsync(TimeSpan.FromSeconds(1), Until.TrueAsync(() => balancer.Balancer.Stages.Connections.Count == 0, "disconnected"));
        await stop.CancelAsync();
        client.Dispose();
        await Task.WhenAny(flood);
    }

    private static async Task FloodAsync(RawHttp2 client, CancellationToken stop)
    {
        await Task.Yield();
        for (var id = 1; !stop.IsCancellationRequested && id < 2_000_000; id += 2) await client.TrySendAsync(Get(id, "/", ("x-long", new string('y', 100))));
    }
}
