using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Tests.Support;
using static OpenCluster.LoadBalancer.Tests.Support.RawHttp2;

namespace OpenCluster.LoadBalancer.Tests.Http2;

/// <summary>A balancer that ends tells its HTTP/2 clients, answers what it has begun, and refuses nothing that was on its way (RFC 9113 §6.8).</summary>
public sealed class DrainTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Requests_in_flight_and_on_their_way_are_answered_before_the_end()
    {
        var go = new TaskCompletionSource();
        await using var target = new RawTarget(async request =>
        {
            await go.Task;
            await request.AnswerAsync(200, "fine");
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Get(1));
        await Until.TrueAsync(() => target.Requests == 1, "request at the target");
        var draining = balancer.Balancer.DrainAsync(Limit);

        var first = await client.UntilAsync(f => f.Type == FrameType.GoAway);
        Assert.Equal(int.MaxValue, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(first.Payload));
        var ping = await client.UntilAsync(f => f.Type == FrameType.Ping && f.Flags == FrameFlags.None);
        // This one was sent before the client had heard.
        await client.SendAsync(Get(3), Frame(FrameType.Ping, FrameFlags.Ack, 0, ping.Payload));
        var last = await client.UntilAsync(f => f.Type == FrameType.GoAway && f != first);
        Assert.Equal((3, ErrorCode.NoError), (System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(last.Payload), last.Code));
        go.SetResult();
        Assert.Equal(200, (await client.AnswerAsync(1)).Status);
        Assert.Equal(200, (await client.AnswerAsync(3)).Status);
        await client.EndAsync();
        await draining;
    }

    [Fact]
    public async Task Client_that_is_silent_is_let_go()
    {
        await using var target = RawTarget.Answering("fine");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Get(1));
        await client.AnswerAsync(1);
        await balancer.Balancer.DrainAsync(Limit);
        await client.EndAsync();
        Assert.Equal(ErrorCode.NoError, client.Frames.Last(f => f.Type == FrameType.GoAway).Code);
    }

    [Fact]
    public async Task Event_stream_ends_with_its_target_and_not_before()
    {
        var end = new TaskCompletionSource();
        await using var target = new RawTarget(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n");
            await end.Task;
            await request.SendAsync("9\r\ndata: 2\n\n\r\n0\r\n\r\n");
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = await OpenAsync(balancer.Port);
        await client.SendAsync(Get(1));
        await client.UntilAsync(f => f.Type == FrameType.Data);
        var draining = balancer.Balancer.DrainAsync(Limit);
        await client.UntilAsync(f => f.Type == FrameType.GoAway);
        end.SetResult();
        Assert.Equal("data: 1\n\ndata: 2\n\n", (await client.AnswerAsync(1)).Body);
        await draining;
    }
}
