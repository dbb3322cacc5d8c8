using OpenCluster.LoadBalancer.Tests.Support;

namespace OpenCluster.LoadBalancer.Tests.Listening;

public sealed class ClientLimitsTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\nHost: a\n\n", 400)]
    [InlineData("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("nonsense\r\n\r\n", 400)]
    [InlineData("\x16\x03\x01\x02\x00", 400)]
    public async Task Refused_request_is_answered_and_nothing_after_it_is_served(string text, int status)
    {
        await using var target = RawTarget.Answering("reached");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        var answer = await client.AskAsync(text);
        Assert.Equal(status, answer.Status);
        Assert.Equal("close", answer.Field("Connection"));
        Assert.Equal("", await client.RestAsync());
        Assert.Equal(0, target.Requests);
    }

    [Fact]
    public async Task Too_large_a_head_is_answered_431_though_it_never_ends()
    {
        await using var balancer = await TestBalancer.StartAsync();
        using var client = balancer.Client();
        var answer = await client.AskAsync("GET / HTTP/1.1\r\nHost: a\r\nX: " + new string('x', 40_000));
        Assert.Equal(431, answer.Status);
    }

    [Fact]
    public async Task Head_that_comes_byte_by_byte_is_served()
    {
        await using var target = RawTarget.Answering("slow but sure");
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        foreach (var c in "\r\nGET / HTTP/1.1\r\nHost: a\r\n") await client.SendAsync(c.ToString());
        Assert.Equal("slow but sure", (await client.AskAsync("\r\n")).Body);
    }
}
