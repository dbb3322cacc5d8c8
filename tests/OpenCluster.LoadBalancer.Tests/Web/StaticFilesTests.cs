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

    [Theory]
    [InlineData("/users/joe?tab=1", 200, "<h1>home</h1>")]
    [InlineData("/users/", 200, "<h1>home</h1>")]
    [InlineData("/app.js", 200, "0123456789")]
    [InlineData("/missing.js", 404, "<h1>not here</h1>")]
    [InlineData("/.secret", 404, "404 Not Found\nNo such file.\n")]
    public async Task Pages_that_do_not_exist_fall_back_and_files_do_not(string target, int status, string body)
    {
        File.WriteAllText(Path.Combine(_root, "404.html"), "<h1>not here</h1>");
        await using var web = await StartAsync(new WebRule { Fallback = "/index.html", NotFound = "/404.html" });
        using var client = web.Client();
        for (var again = 0; again < 2; again++)
        {
            var answer = await client.GetAsync(target);
            Assert.Equal((status, body), (answer.Status, answer.Body));
        }
    }

    [Fact]
    public async Task The_page_of_a_404_is_never_taken_for_a_file()
    {
        File.WriteAllText(Path.Combine(_root, "404.html"), "<h1>not here</h1>");
        await using var web = await StartAsync(new WebRule { NotFound = "/404.html" });
        using var client = web.Client();
        var tag = (await client.GetAsync("/404.html")).Field("ETag");
        var answer = await client.GetAsync("/missing", $"If-None-Match: {tag}\r\nRange: bytes=0-3\r\n");
        Assert.Equal((404, "<h1>not here</h1>"), (answer.Status, answer.Body));
    }

    [Theory]
    [InlineData("/index.html", "public, max-age=300")]
    [InlineData("/docs/", "public, max-age=31536000, immutable")]
    [InlineData("/docs.txt", "public, max-age=300")]
    public async Task Clients_are_told_how_long_they_may_keep_a_file(string target, string cacheControl)
    {
        File.WriteAllText(Path.Combine(_root, "docs.txt"), "beside docs, not below it");
        await using var web = await StartAsync(new WebRule { FreshFor = TimeSpan.FromMinutes(5), Immutable = ["/docs/"] });
        using var client = web.Client();
        var answer = await client.GetAsync(target);
        Assert.Equal(cacheControl, answer.Field("Cache-Control"));
        Assert.Equal(cacheControl, (await client.GetAsync(target, $"If-None-Match: {answer.Field("ETag")}\r\n")).Field("Cache-Control"));
    }

    [Fact]
    public async Task Clients_ask_each_time_unless_told_otherwise()
    {
        await using var web = await StartAsync();
        using var client = web.Client();
        Assert.Equal("no-cache", (await client.GetAsync("/index.html")).Field("Cache-Control"));
    }

    [Theory]
    [InlineData("gzip, deflate, br", "br")]
    [InlineData("gzip", "gzip")]
    [InlineData("br;q=0.5, gzip;q=0.8", "gzip")]
    [InlineData("br;q=0, gzip;q=0.000", null)]
    [InlineData("zstd", null)]
    [InlineData("", null)]
    public async Task Texts_are_compressed_for_those_who_accept_it(string accepted, string? coding)
    {
        var text = string.Concat(Enumerable.Range(0, 2000).Select(i => $"line {i}\n"));
        File.WriteAllText(Path.Combine(_root, "long.txt"), text);
        await using var web = await StartAsync();
        using var client = web.Client();
        for (var again = 0; again < 2; again++)
        {
            var answer = await client.GetAsync("/long.txt", $"Accept-Encoding: {accepted}\r\n");
            Assert.Equal((200, coding, "Accept-Encoding"), (answer.Status, answer.Field("Content-Encoding"), answer.Field("Vary")));
            Assert.Equal(text, Unpack(answer));
        }
    }

    [Fact]
    public async Task What_is_large_is_compressed_as_well_and_ranges_are_of_what_is_sent()
    {
        var text = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"line {i}\n"));
        File.WriteAllText(Path.Combine(_root, "long.js"), text);
        await using var web = await StartAsync();
        using var client = web.Client();
        var whole = await client.GetAsync("/long.js", "Accept-Encoding: br\r\n");
        Assert.Equal(text, Unpack(whole));
        var part = await client.GetAsync("/long.js", $"Accept-Encoding: br\r\nRange: bytes=10-19\r\nIf-Range: {whole.Field("ETag")}\r\n");
        Assert.Equal((206, whole.Body[10..20]), (part.Status, part.Body));
    }

    [Theory]
    [InlineData("picture.png", true)]
    [InlineData("long.txt", false)]
    public async Task Nothing_is_compressed_that_gains_nothing_or_when_it_is_switched_off(string file, bool compress)
    {
        File.WriteAllText(Path.Combine(_root, file), new string('x', 5000));
        await using var web = await StartAsync(new WebRule { Compress = compress });
        using var client = web.Client();
        var answer = await client.GetAsync("/" + file, "Accept-Encoding: br, gzip\r\n");
        Assert.Equal((null, 5000), (answer.Field("Content-Encoding"), answer.Body.Length));
    }

    [Fact]
    public async Task Of_several_compressed_files_the_best_accepted_one_is_sent()
    {
        foreach (var coding in new[] { "br", "zst", "gz" }) File.WriteAllText(Path.Combine(_root, "app.css." + coding), coding);
        File.WriteAllText(Path.Combine(_root, "app.css"), "plain");
        File.CreateSymbolicLink(Path.Combine(_root, "index.html.br"), Path.Combine(_outside, "passwd"));
        await using var web = await StartAsync();
        using var client = web.Client();
        Assert.Equal("br", (await client.GetAsync("/app.css", "Accept-Encoding: gzip, zstd, br\r\n")).Body);
        var zstd = await client.GetAsync("/app.css", "Accept-Encoding: gzip, zstd\r\n");
        Assert.Equal(("zst", "zstd"), (zstd.Body, zstd.Field("Content-Encoding")));
        Assert.Equal("<h1>home</h1>", (await client.GetAsync("/index.html", "Accept-Encoding: br\r\n")).Body);
    }

    [Fact]
    public async Task Many_large_files_at_once_to_slow_readers_arrive_whole()
    {
        await using var web = await StartAsync();
        var expected = await File.ReadAllBytesAsync(Path.Combine(_root, "large.bin"), TestContext.Current.CancellationToken);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            using var client = web.Client();
            client.Socket.ReceiveBufferSize = 128 * 1024;
            for (var i = 0; i < 3; i++)
            {
                var answer = await client.GetAsync("/large.bin");
                Assert.Equal(expected, System.Text.Encoding.Latin1.GetBytes(answer.Body));
            }
        }));
    }

    private static string Unpack(RawAnswer answer)
    {
        var body = new MemoryStream(System.Text.Encoding.Latin1.GetBytes(answer.Body));
        using Stream plain = answer.Field("Content-Encoding") switch
        {
            "br" => new System.IO.Compression.BrotliStream(body, System.IO.Compression.CompressionMode.Decompress),
            "gzip" => new System.IO.Compression.GZipStream(body, System.IO.Compression.CompressionMode.Decompress),
            _ => body,
        };
        return new StreamReader(plain).ReadToEnd();
    }

    private Task<TestBalancer> StartAsync(WebRule? rule = null) =>
        TestBalancer.ServeAsync(new RoutePlan { Id = "r1", Name = "web", Matches = [new RouteMatch("*")], WebRoot = _root, Web = rule ?? new WebRule() });
}
