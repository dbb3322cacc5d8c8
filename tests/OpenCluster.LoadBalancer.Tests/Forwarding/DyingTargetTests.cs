using System.Diagnostics;
using System.Net.Sockets;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Forwarding;

/// <summary>Targets that end, or fall silent, in the midst of an answer.</summary>
public sealed class DyingTargetTests
{
    private const string Small = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";

    /// <summary>Head and part of the body in two writes, then the end: read together or apart, as it happens; both must come to the same.</summary>
    private static async Task DieAfterAsync(RawRequest request, string head, bool reset)
    {
        await request.SendAsync(head);
        await request.SendAsync("part");
        if (reset) request.Reset();
        else request.Close();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Get_whose_small_answer_breaks_off_is_answered_by_another_target(bool reset)
    {
        await using var bad = new RawTarget(r => DieAfterAsync(r, Small, reset));
        await using var good = RawTarget.Answering("good");
        await using var balancer = await TestBalancer.StartAsync(bad, good);
        using var client = balancer.Client();
        for (var i = 0; i < 40; i++) Assert.Equal("good", (await client.GetAsync()).Body);
        Assert.True(bad.Requests > 0);
        Assert.Equal(0, balancer.Balancer.Stages.Failed);
    }

    [Fact]
    public async Task Post_whose_small_answer_breaks_off_ends_in_502_and_is_not_sent_again()
    {
        await using var bad = new RawTarget(r => DieAfterAsync(r, Small, reset: false));
        await using var alsoBad = new RawTarget(r => DieAfterAsync(r, Small, reset: false));
        await using var balancer = await TestBalancer.StartAsync(bad, alsoBad);
        using var client = balancer.Client();
        Assert.Equal(502, (await client.AskAsync("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi")).Status);
        Assert.Equal(1, bad.Requests + alsoBad.Requests);
        Assert.Equal(1, balancer.Report("t0").Failed + balancer.Report("t1").Failed);
    }

    [Fact]
    public async Task Small_answer_that_never_ends_is_504_within_the_limit_of_the_route()
    {
        await using var silent = new RawTarget(async r =>
        {
            await r.SendAsync(Small);
            await Task.Delay(Timeout.Infinite);
        });
        await using var balancer = await TestBalancer.StartAsync(new RouteRules { Timeout = TimeSpan.FromMilliseconds(300) }, null, silent);
        using var client = balancer.Client();
        Assert.Equal(504, (await client.GetAsync()).Status);
    }

    [Theory]
    [InlineData("Content-Length: 16385")]
    [InlineData("Transfer-Encoding: chunked")]
    [InlineData("Content-Type: text/event-stream\r\nTransfer-Encoding: chunked")]
    [InlineData("X-Until: close")]
    public async Task Answer_that_is_longer_or_of_unknown_length_is_passed_on_as_it_comes(string framing)
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var target = new RawTarget(async r =>
        {
            await r.SendAsync($"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n5\r\nfirst\r\n");
            await goOn.Task;
            r.Close();
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        await client.UntilAsync("first");
        goOn.SetResult();
    }

    [Fact]
    public async Task Answer_of_exactly_the_held_size_in_many_pieces_arrives_whole_and_its_connection_is_kept()
    {
        var body = string.Concat(Enumerable.Range(0, Attempt.WholeBytes / 4).Select(i => $"{i:x4}"));
        await using var target = new RawTarget(async r =>
        {
            await r.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n");
            foreach (var piece in body.Chunk(3000)) await r.SendAsync(new string(piece));
        });
        // Checks connect as well: the first is waited for, and no other comes meanwhile.
        await using var balancer = await TestBalancer.StartAsync(null, new HealthCheck { Every = TimeSpan.FromHours(1) }, target);
        await Until.TrueAsync(() => target.Connections == 1, "the check's connection is accepted");
        var before = target.Connections;
        using var client = balancer.Client();
        for (var i = 0; i < 20; i++) Assert.Equal(body, (await client.GetAsync()).Body);
        Assert.Equal(1, target.Connections - before);
    }

    [Fact]
    public async Task Nobody_waits_while_it_is_written_down_that_a_target_changed()
    {
        using var released = new ManualResetEventSlim();
        using var stuck = new ManualResetEventSlim();
        var died = new RawTarget(r => DieAfterAsync(r, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", reset: false));
        await using var good = RawTarget.Answering("good");
        await using var balancer = await TestBalancer.StartAsync(died, good);
        balancer.Balancer.TargetChanged += (_, change) =>
        {
            // That they came up may be told late.
            if (change.To == TargetState.Up) return;
            stuck.Set();
            released.Wait();
        };
        try
        {
            var cut = 0;
            for (var i = 0; i < 1000 && !stuck.IsSet; i++)
            {
                using var client = balancer.Client();
                await client.SendAsync("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
                if (!await IsWholeAsync(client) && ++cut == 1) await died.DisposeAsync();
            }
            Assert.True(stuck.IsSet);
            using var other = balancer.Client();
            for (var i = 0; i < 20; i++) Assert.Equal("good", (await other.GetAsync()).Body);
        }
        finally
        {
            released.Set();
            await died.DisposeAsync();
        }
    }

    private static async Task<bool> IsWholeAsync(RawClient client)
    {
        try
        {
            return (await client.ReadAsync()).Body == "good";
        }
        catch (Exception cut) when (cut is EndOfStreamException or SocketException)
        {
            return false;
        }
    }

    [Theory]
    [InlineData("Content-Length: 100000", false)]
    [InlineData("Content-Length: 100000", true)]
    [InlineData("Transfer-Encoding: chunked", false)]
    [InlineData("Transfer-Encoding: chunked", true)]
    public async Task Clients_of_a_long_answer_that_breaks_off_are_let_go_at_once_and_see_that_it_is_not_whole(string framing, bool reset)
    {
        await using var target = new RawTarget(r => DieAfterAsync(r, $"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n5\r\nhello\r\n", reset));
        // Checked once: each check is a connection too.
        await using var balancer = await TestBalancer.StartAsync(null, new HealthCheck { Every = TimeSpan.FromHours(1) }, target);
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => AskAsync()));

        async Task AskAsync()
        {
            using var client = balancer.Client();
            await client.SendAsync("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
            var started = Stopwatch.GetTimestamp();
            var text = "";
            try
            {
                text = await client.RestAsync();
            }
            catch (SocketException)
            {
                // A reset is what says most clearly that something is missing.
            }
            Assert.DoesNotContain("\r\n0\r\n", text);
            Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        }
    }
}
