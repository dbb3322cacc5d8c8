using OpenCluster.LoadBalancer.Tests.Support;

namespace OpenCluster.LoadBalancer.Tests.Http2;

/// <summary>Clients people use, speaking HTTP/2 with prior knowledge.</summary>
public sealed class RealClientTests
{
    [Fact]
    public async Task Curl_gets_a_page()
    {
        Tool.Need("curl");
        await using var target = new RawTarget(request => request.AnswerAsync(200, "hello " + request.Target, "X-Seen: yes\r\n"));
        await using var balancer = await TestBalancer.StartAsync(target);
        var output = await Tool.RunAsync("curl", "-sS", "-i", "--http2-prior-knowledge", $"http://127.0.0.1:{balancer.Port}/a?b");
        Assert.Contains("HTTP/2 200", output);
        Assert.Contains("x-seen: yes", output);
        Assert.Contains("hello /a?b", output);
    }

    [Fact]
    public async Task Curl_sends_a_body_of_unknown_length_and_gets_it_back()
    {
        Tool.Need("curl");
        await using var target = new RawTarget(async request => await request.AnswerAsync(200, (await request.BodyAsync()).Length.ToString()));
        await using var balancer = await TestBalancer.StartAsync(target);
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, new byte[3_000_000], TestContext.Current.CancellationToken);
        try
        {
            var sized = await Tool.RunAsync("curl", "-sS", "--http2-prior-knowledge", "--data-binary", "@" + file, $"http://127.0.0.1:{balancer.Port}/");
            Assert.Equal("3000000", sized.Trim());
            var unsized = await Tool.RunAsync("sh", "-c", $"cat {file} | curl -sS --http2-prior-knowledge -T - http://127.0.0.1:{balancer.Port}/");
            Assert.Equal("3000000", unsized.Trim());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Nghttp_asks_many_at_once()
    {
        Tool.Need("h2load");
        await using var target = RawTarget.Answering("hello");
        await using var balancer = await TestBalancer.StartAsync(target);
        var output = await Tool.RunAsync("h2load", "-n", "2000", "-c", "4", "-m", "32", $"http://127.0.0.1:{balancer.Port}/");
        Assert.Contains("2000 succeeded, 0 failed", output);
        Assert.Contains("status codes: 2000 2xx", output);
        Assert.Equal(2000, target.Requests);
    }

    [Fact]
    public async Task Large_answers_come_whole_through_small_windows()
    {
        Tool.Need("nghttp");
        var body = new string('x', 2_000_000);
        await using var target = RawTarget.Answering(body);
        await using var balancer = await TestBalancer.StartAsync(target);
        var address = $"http://127.0.0.1:{balancer.Port}/";
        var output = await Tool.RunAsync("sh", "-c", $"nghttp -w 12 -W 13 -m 4 {address} | wc -c");
        Assert.Equal("8000000", output.Trim());
    }
}
