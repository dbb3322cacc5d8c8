using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Web;

public sealed class StaticFilesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("oc-web-").FullName;
    private readonly string _outside = Directory.CreateTempSubdirectory("oc-out-").FullName;

    public StaticFilesTests()
    {
        File.WriteAllText(Path.Combine(_root, "index.html"), "<h1>home</h1>");
        File.WriteAllText(Path.Combine(_root, "app.js"), "0123456789");
        File.WriteAllText(Path.Combine(_root, "app.js.gz"), "zipped");
        File.WriteAllText(Path.Combine(_root, ".secret"), "secret");
        Directory.CreateDirectory(Path.Combine(_root, "docs"));
        File.WriteAllText(Path.Combine(_root, "docs", "index.html"), "docs");
        File.WriteAllText(Path.Combine(_root, "docs", "größe.txt"), "size");
        Directory.CreateDirectory(Path.Combine(_root, ".well-known"));
        File.WriteAllText(Path.Combine(_root, ".well-known", "security.txt"), "contact");
        File.WriteAllText(Path.Combine(_outside, "passwd"), "secret");
        File.CreateSymbolicLink(Path.Combine(_root, "leak"), Path.Combine(_outside, "passwd"));
        Directory.CreateSymbolicLink(Path.Combine(_root, "leaks"), _outside);
        File.CreateSymbolicLink(Path.Combine(_root, "alias.js"), Path.Combine(_root, "app.js"));
        File.WriteAllBytes(Path.Combine(_root, "large.bin"), [.. Enumerable.Range(0, 1_000_000).Select(i => (byte)(i % 251))]);
    }

    public void Dispose()
    {
        Directory.Delete(_root, recursive: true);
        Directory.Delete(_outside, recursive: true);
    }

    [Theory]
    [InlineData("/", 200, "text/html; charset=utf-8", "<h1>home</h1>")]
    [InlineData("/index.html?x=1", 200, "text/html; charset=utf-8", "<h1>home</h1>")]
    [InlineData("/app.js", 200, "text/javascript; charset=utf-8", "0123456789")]
    [InlineData("/%61pp.js", 200, "text/javascript; charset=utf-8", "0123456789")]
    [InlineData("/alias.js", 200, "text/javascript; charset=utf-8", "0123456789")]
    [InlineData("/docs/", 200, "text/html; charset=utf-8", "docs")]
    [InlineData("/docs/gr%C3%B6%C3%9Fe.txt", 200, "text/plain; charset=utf-8", "size")]
    [InlineData("/.well-known/security.txt", 200, "text/plain; charset=utf-8", "contact")]
    public async Task Files_are_served_with_their_type(string target, int status, string type, string body)
    {
        await using var web = await StartAsync();
        using var client = web.Client();
        for (var again = 0; again < 3; again++)
        {
            var answer = await client.GetAsync(target);
            Assert.Equal((status, type, body), (answer.Status, answer.Field("Content-Type"), answer.Body));
        }
    }

    [Theory]
    [InlineData("/missing", 404)]
    [InlineData("/app.js/", 404)]
    [InlineData("/.secret", 404)]
    [InlineData("/docs/.hidden/x", 404)]
    [InlineData("/leak", 404)]
    [InlineData("/leaks/passwd", 404)]
    [InlineData("/docs%2Findex.html", 404)]
    [InlineData("/docs%5Cindex.html", 404)]
    [InlineData("/..%2Fpasswd", 404)]
    [InlineData("/%2e%2e/passwd", 400)]
    [InlineData("/../passwd", 400)]
    [InlineData("/app.js%00.html", 404)]
    [InlineData("/%ff", 404)]
    [InlineData("/%C0%AE%C0%AE/passwd", 404)]
    public async Task Paths_that_lead_elsewhere_are_refused(string target, int status)
    {
        await using var web = await StartAsync();
        using var client = web.Client();
        var answer = await client.GetAsync(target);
        Assert.Equal(status, answer.Status);
        Assert.DoesNotContain("secret", answer.Body);
    }

    [Fact]
    public async Task Directory_without_slash_is_redirected_and_never_to_another_host()
    {
        await using var web = await StartAsync();
        using var client = web.Client();
        var answer = await client.GetAsync("/docs?a=b");
        Assert.Equal((301, "/docs/?a=b"), (answer.Status, answer.Field("Location")));
        answer = await client.GetAsync("//docs");
        Assert.Equal((301, "/docs/"), (answer.Status, answer.Field("Location")));
    }

    [Fact]
    public async Task Validators_save_the_body_and_a_changed_file_is_sent_again()
    {
        await using var web = await StartAsync();
        using var client = web.Client();
        var first = await client.GetAsync("/index.html");
        Assert.Equal(304, (await client.GetAsync("/index.html", $"If-None-Match: \"x\", W/{first.Field("ETag")}\r\n")).Status);
        Assert.Equal(304, (await client.GetAsync("/index.html", $"If-Modified-Since: {first.Field("Last-Modified")}\r\n")).Status);
        Assert.Equal(200, (await client.GetAsync("/index.html", $"If-None-Match: \"x\"\r\nIf-Modified-Since: {first.Field("Last-Modified")}\r\n")).Status);
        File.WriteAllText(Path.Combine(_root, "index.html"), "<h1>new home</h1>");
        var started = TimeProvider.System.GetTimestamp();
        while ((await client.GetAsync("/index.html", $"If-None-Match: {first.Field("ETag")}\r\n")).Status == 304)
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(5));
        Assert.Equal("<h1>new home</h1>", (await client.GetAsync("/index.html")).Body);
    }

    [Theory]
    [InlineData("bytes=0-3", 206, "0123", "bytes 0-3/10")]
    [InlineData("bytes=8-", 206, "89", "bytes 8-9/10")]
    [InlineData("bytes=-2", 206, "89", "bytes 8-9/10")]
    [InlineData("bytes=8-99", 206, "89", "bytes 8-9/10")]
    [InlineData("bytes=10-", 416, "", "bytes */10")]
    [InlineData("bytes=3-1", 200, "0123456789", null)]
    [InlineData("bytes=0-1,3-4", 200, "0123456789", null)]
    [InlineData("lines=0-1", 200, "0123456789", null)]
    public async Task Single_ranges_are_served(string range, int status, string body, string? contentRange)
    {
        await using var web = await StartAsync();
        using var client = web.Client();
        var answer = await client.GetAsync("/app.js", $"Range: {range}\r\n");
        Assert.Equal((status, body, contentRange), (answer.Status, answer.Body, answer.Field("Content-Range")));
    }

    [Fact]
    public async Task Files_compressed_beforehand_go_to_those_who_accept_them()
    {
        await using var web = await StartAsync();
        using var client = web.Client();
        var zipped = await client.GetAsync("/app.js", "Accept-Encoding: br;q=0, gzip\r\n");
        Assert.Equal(("zipped", "gzip", "Accept-Encoding"), (zipped.Body, zipped.Field("Content-Encoding"), zipped.Field("Vary")));
        var plain = await client.GetAsync("/app.js", "Accept-Encoding: gzip;q=0\r\n");
        Assert.Equal(("0123456789", "Accept-Encoding"), (plain.Body, plain.Field("Vary")));
        Assert.NotEqual(zipped.Field("ETag"), plain.Field("ETag"));
    }

    [Fact]
    public async Task Large_files_come_whole_and_in_parts()
    {
        await using var web = await StartAsync();
        using var client = web.Client();
        var whole = await client.GetAsync("/large.bin");
        Assert.Equal(1_000_000, whole.Body.Length);
        var part = await client.GetAsync("/large.bin", "Range: bytes=300000-699999\r\n");
        Assert.Equal(whole.Body[300_000..700_000], part.Body);
    }

    [Fact]
    public async Task Head_has_the_length_and_other_methods_are_refused()
    {
        await using var web = await StartAsync();
        using var client = web.Client();
        Assert.Equal("10", (await client.AskAsync("HEAD /app.js HTTP/1.1\r\nHost: a\r\n\r\n")).Field("Content-Length"));
        var post = await client.AskAsync("POST /app.js HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
        Assert.Equal((405, "GET, HEAD"), (post.Status, post.Field("Allow")));
        Assert.Equal(200, (await client.GetAsync("/app.js")).Status);
    }

    private Task<TestBalancer> StartAsync() =>
        TestBalancer.ServeAsync(new RoutePlan { Id = "r1", Name = "web", Matches = [new RouteMatch("*")], WebRoot = _root });
}
