using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Listening;

public sealed class SlowClientTests
{
    private readonly LeapingTime _time = new();

    [Fact]
    public async Task Head_that_trickles_in_has_a_limit_as_a_whole()
    {
        await using var target = RawTarget.Answering("x");
        await using var balancer = await TestBalancer.StartAsync(_time, null, null, target);
        using var client = balancer.Client();
        await client.SendAsync("GET / HTTP/1.1\r\n");
        var ended = client.RestOrResetAsync();
        // A line now and then does not prolong it. Sixty leaps of a sixth each: with every line counting anew it would go on for ever.
        for (var i = 0; i < 60 && !ended.IsCompleted; i++)
        {
            await client.TrySendAsync($"X-{i}: y\r\n");
            _time.Leap(Limits.Head / 6);
            await Task.WhenAny(ended, Task.Delay(150, TestContext.Current.CancellationToken));
        }
        Assert.Equal("", await ended);
        Assert.Equal(0, target.Requests);
        Assert.Equal(1, balancer.Balancer.Stages.Connections.Expired(Awaited.Head));
    }

    [Fact]
    public async Task Idle_connection_is_closed_after_a_while_and_not_before()
    {
        await using var target = RawTarget.Answering("x");
        await using var balancer = await TestBalancer.StartAsync(_time, null, null, target);
        using var client = balancer.Client();
        Assert.Equal("x", (await client.GetAsync()).Body);
        _time.Leap(Limits.KeepAlive * 0.9);
        Assert.Equal("x", (await client.GetAsync()).Body);
        var ended = client.RestAsync();
        await _time.LeapUntilAsync(Limits.KeepAlive * 1.1, ended);
        Assert.Equal("", await ended);
    }

    [Fact]
    public async Task Body_that_stops_coming_ends_the_request_and_holds_no_target()
    {
        await using var target = RawTarget.Answering("x");
        await using var balancer = await TestBalancer.StartAsync(_time, null, null, target);
        using var client = balancer.Client();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf of it");
        var ended = client.RestAsync();
        await _time.LeapUntilAsync(Limits.BodySilence * 1.5, ended);
        Assert.Equal("", await ended);
        Assert.Equal(0, target.Requests);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1_000_000)]
    public async Task Body_that_trickles_in_has_a_limit_as_a_whole(int length)
    {
        await using var target = new RawTarget(async r => await r.BodyAsync());
        await using var balancer = await TestBalancer.StartAsync(_time, new RouteRules { Timeout = TimeSpan.FromHours(1) }, null, target);
        using var client = balancer.Client();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        var ended = client.RestOrResetAsync();
        // A byte before every silence grows too long: with silence as the only limit it would go on for a thousand of them.
        for (var i = 0; i < 60 && !ended.IsCompleted; i++)
        {
            await client.TrySendAsync("x");
            _time.Leap(Limits.BodySilence / 6);
            await Task.WhenAny(ended, Task.Delay(150, TestContext.Current.CancellationToken));
        }
        Assert.Equal("", await ended);
        await Until.TrueAsync(() => balancer.Balancer.Stages.Connections.Count == 0, "the connection is gone");
        Assert.Equal(1, balancer.Balancer.Stages.Connections.Expired(Awaited.Body));
        Assert.Equal(0, balancer.Report("t0").Failed);
    }

    [Theory]
    [InlineData(0, 0, 30)]
    [InlineData(0, 10, 20)]
    [InlineData(0, 40, 0)]
    [InlineData(240, 30, 1)]
    [InlineData(240_000, 500, 30)]
    [InlineData(240_000, 1020, 10)]
    public void Next_piece_of_a_body_has_as_long_as_the_slowest_rate_leaves(long bytes, int waitedSeconds, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Limits.Body(bytes, waitedSeconds * 1000L));

    [Fact]
    public async Task Upload_slower_than_the_time_of_its_route_is_answered_all_the_same()
    {
        var pieces = 0;
        await using var target = new RawTarget(async r =>
        {
            for (; pieces < 4; Interlocked.Increment(ref pieces)) await r.TakeAsync(50_000);
            await r.AnswerAsync(200, "taken");
        });
        await using var balancer = await TestBalancer.StartAsync(_time, new RouteRules { Timeout = TimeSpan.FromSeconds(5) }, null, target);
        using var client = balancer.Client();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");
        for (var i = 0; i < 4; i++)
        {
            await client.SendAsync(new string('x', 50_000));
            await Until.TrueAsync(() => Volatile.Read(ref pieces) > i, "the target has the piece");
            if (i == 3) break;
            // Limits count from the last tick: the leap must be behind it before the next piece sets one.
            var before = balancer.Balancer.Keeper.NowMs;
            _time.Leap(TimeSpan.FromSeconds(4));
            await Until.TrueAsync(() => balancer.Balancer.Keeper.NowMs - before >= 4000, "the tick after the leap");
        }
        Assert.Equal("taken", (await client.ReadAsync()).Body);
        Assert.Equal(0, balancer.Report("t0").Failed);
    }

    [Fact]
    public async Task Target_that_never_answers_an_upload_is_given_up_after_its_end()
    {
        await using var target = new RawTarget(async r =>
        {
            await r.BodyAsync();
            await r.TakeAsync(1);
        });
        await using var balancer = await TestBalancer.StartAsync(_time, new RouteRules { Timeout = TimeSpan.FromSeconds(60), WaitFor = TimeSpan.Zero }, null, target);
        using var client = balancer.Client();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n{new string('x', 200_000)}");
        await Until.TrueAsync(() => target.Requests == 1, "the target has the request");
        var answer = client.ReadAsync();
        await _time.LeapUntilAsync(TimeSpan.FromSeconds(61), answer);
        Assert.Equal(504, (await answer).Status);
    }

    [Fact]
    public async Task Client_that_does_not_read_is_let_go_and_its_target_is_not_to_blame()
    {
        var body = new string('x', 50_000_000);
        await using var target = new RawTarget(r => r.AnswerAsync(200, body));
        await using var balancer = await TestBalancer.StartAsync(_time, null, null, target);
        using var client = balancer.Client();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.UntilAsync("HTTP/1.1 200");
        await _time.LeapUntilAsync(Limits.SendSilence * 1.5, Until.TrueAsync(() => balancer.Balancer.Stages.Connections.Count == 0, "the connection is closed"));
        Assert.Equal(0, balancer.Report("t0").Failed);
    }

    [Fact]
    public async Task Stream_that_is_silent_for_minutes_goes_on()
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var target = new RawTarget(async r =>
        {
            await r.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
            await goOn.Task;
            await r.SendAsync("6\r\nsecond\r\n0\r\n\r\n");
        });
        await using var balancer = await TestBalancer.StartAsync(_time, new RouteRules { Timeout = TimeSpan.FromSeconds(5) }, null, target);
        using var client = balancer.Client();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.UntilAsync("first");
        _time.Leap(Limits.StreamSilence * 0.9);
        // Two ticks, in which a limit that had passed would end it.
        await Task.Delay(TimeKeeper.Period * 2, TestContext.Current.CancellationToken);
        goOn.SetResult();
        await client.UntilAsync("second");
    }
}
