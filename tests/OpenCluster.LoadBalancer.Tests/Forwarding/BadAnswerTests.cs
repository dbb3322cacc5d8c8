using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Forwarding;

/// <summary>What targets answer is read as strictly as what clients ask: an answer that can be read in two ways would be given to the wrong client.</summary>
public sealed class BadAnswerTests
{
    public static TheoryData<string, string> Answers => new()
    {
        { "two framings", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok" },
        { "two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok" },
        { "length of two words", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok" },
        { "negative length", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok" },
        { "unknown encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" },
        { "encoding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "encoding in 204", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "nominates its framing", "HTTP/1.1 200 OK\r\nConnection: Content-Length\r\nContent-Length: 2\r\n\r\nok" },
        { "bare line ends", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok" },
        { "bare CR in a value", "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\nok" },
        { "NUL in a value", "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok" },
        { "folded line", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok" },
        { "blank before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok" },
        { "line without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n" },
        { "HTTP/2 in text", "HTTP/2 200\r\nContent-Length: 2\r\n\r\nok" },
        { "another protocol", "ICY 200 OK\r\n\r\n" },
        { "HTTP/0.9", "<html>hello</html>\r\n\r\n" },
        { "status of two digits", "HTTP/1.1 20 OK\r\n\r\n" },
        { "status of four digits", "HTTP/1.1 2000 OK\r\n\r\n" },
        { "status below 100", "HTTP/1.1 099 OK\r\n\r\n" },
        { "switches without being asked", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n" },
        { "head without an end", "HTTP/1.1 200 OK\r\nX: " + new string('x', 40_000) },
        { "too many lines", "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("X: y\r\n", 101)) + "\r\n" },
        { "first chunk malformed", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n" },
        { "zeros", new string('\0', 100) },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Answer_that_is_none_becomes_502_and_is_not_passed_on(string form, string answer)
    {
        Assert.NotEmpty(form);
        await using var target = new RawTarget(r => r.SendAsync(answer));
        await using var balancer = await TestBalancer.StartAsync(new RouteRules { Retries = 0, WaitFor = TimeSpan.Zero }, null, target);
        using var client = balancer.Client();
        if (form == "first chunk malformed")
        {
            // Its head is good, so that it may be on its way already: then the connection breaks.
            await Assert.ThrowsAnyAsync<Exception>(() => client.GetAsync());
            return;
        }
        var got = await client.GetAsync();
        Assert.Equal(502, got.Status);
        Assert.DoesNotContain("ok", got.Body);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nwrong")]
    public async Task What_follows_an_answer_reaches_nobody(string answers)
    {
        await using var target = new RawTarget(r => r.Target == "/next" ? r.AnswerAsync(200, "right") : r.SendAsync(answers));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        Assert.InRange((await client.GetAsync()).Status, 200, 304);
        for (var i = 0; i < 3; i++) Assert.Equal("right", (await client.GetAsync("/next")).Body);
        using var other = balancer.Client();
        Assert.Equal("right", (await other.GetAsync("/next")).Body);
    }

    [Fact]
    public async Task Body_behind_an_answer_to_head_reaches_nobody()
    {
        await using var target = new RawTarget(r => r.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        Assert.Equal(200, (await client.AskAsync("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.Equal(200, (await client.AskAsync("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.Equal(2, target.Requests);
    }

    [Fact]
    public async Task Many_interim_answers_pass_in_order_and_the_final_one_behind_them_in_the_same_piece()
    {
        await using var target = new RawTarget(r => r.SendAsync(
            string.Concat(Enumerable.Range(0, 20).Select(i => $"HTTP/1.1 103 Early Hints\r\nLink: </{i}.css>\r\n\r\n")) + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        for (var i = 0; i < 20; i++) Assert.Equal($"</{i}.css>", (await (i == 0 ? client.GetAsync() : client.ReadAsync())).Field("Link"));
        Assert.Equal("ok", (await client.ReadAsync()).Body);
    }

    [Fact]
    public async Task Continue_of_a_target_that_nobody_waits_for_is_dropped()
    {
        await using var target = new RawTarget(r => r.SendAsync("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        Assert.Equal("ok", (await client.GetAsync()).Body);
    }
}
