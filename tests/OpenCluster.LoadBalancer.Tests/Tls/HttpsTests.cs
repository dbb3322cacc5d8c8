using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Tls;

/// <summary>HTTPS as curl, OpenSSL, h2load and Python see it.</summary>
public sealed class HttpsTests : IDisposable
{
    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task Curl_is_served_by_tls_and_the_target_is_told_so()
    {
        await using var target = new RawTarget(r => r.AnswerAsync(200, r.Field("X-Forwarded-Proto") + " " + r.Field("Client-Cert")));
        await using var balancer = await StartAsync(target, _certificates.Write("site", ["localhost", "127.0.0.1"]));
        var output = await Tool.RunAsync("curl", "-sS", "--http1.1", "--cacert", _certificates.AuthorityFile, "-H", "Client-Cert: forged", $"https://localhost:{balancer.Port}/", $"https://localhost:{balancer.Port}/");
        Assert.Equal("https https \n", output);
        Assert.Equal(1, Counters(balancer).Handshakes);
    }

    [Theory]
    [InlineData("--http2", "2")]
    [InlineData("--http1.1", "1.1")]
    [InlineData("--no-alpn", "1.1")]
    public async Task Version_of_http_is_agreed_in_the_handshake(string option, string version)
    {
        await using var target = RawTarget.Answering("good");
        await using var balancer = await StartAsync(target, _certificates.Write("site", ["localhost"]));
        Assert.Equal("good " + version, (await CurlAsync(balancer, option, "-w", " %{http_version}")).Trim());
    }

    [Fact]
    public async Task H2load_asks_by_many_streams_over_tls()
    {
        Tool.Need("h2load");
        await using var target = RawTarget.Answering("hello");
        await using var balancer = await StartAsync(target, _certificates.Write("site", ["localhost"]));
        var output = await Tool.RunAsync("h2load", "-n", "2000", "-c", "8", "-m", "16", $"https://127.0.0.1:{balancer.Port}/");
        Assert.Contains("Application protocol: h2", output);
        Assert.Contains("2000 succeeded, 0 failed", output);
        Assert.Equal(2000, target.Requests);
    }

    [Fact]
    public async Task Certificate_is_that_of_the_host_asked_for()
    {
        await using var target = RawTarget.Answering("good");
        await using var balancer = await StartAsync(target, _certificates.Write("first", ["first.org"]), _certificates.Write("wild", ["*.example.org"]), _certificates.Write("api", ["api.example.org"]));
        Assert.Contains("subject=CN = api.example.org", await OpensslAsync(balancer, "-servername api.example.org"));
        Assert.Contains("subject=CN = *.example.org", await OpensslAsync(balancer, "-servername www.example.org"));
        Assert.Contains("subject=CN = first.org", await OpensslAsync(balancer, "-servername elsewhere.net"));
        var unnamed = await OpensslAsync(balancer, $"-noservername -CAfile {_certificates.AuthorityFile}");
        Assert.Contains("subject=CN = first.org", unnamed);
        Assert.Contains("Verify return code: 0 (ok)", unnamed);
    }

    [Theory]
    [InlineData("-tls1_3", "Cipher is TLS_AES_256_GCM_SHA384")]
    [InlineData("-tls1_2", "Cipher is ECDHE-ECDSA-AES256-GCM-SHA384")]
    [InlineData("-tls1_1 -cipher DEFAULT@SECLEVEL=0", "alert protocol version")]
    [InlineData("-tls1_2 -cipher AES128-SHA:NULL", "alert handshake failure")]
    [InlineData("-alpn nonsense", "no application protocol")]
    public async Task Only_tls_from_1_2_on_with_ciphers_of_today_is_spoken(string options, string seen)
    {
        await using var target = RawTarget.Answering("good");
        await using var balancer = await StartAsync(target, _certificates.Write("site", ["localhost"]));
        Assert.Contains(seen, await OpensslAsync(balancer, options));
    }

    [Theory]
    [InlineData("TLSv1_2")]
    [InlineData("TLSv1_3")]
    public async Task Session_of_a_client_that_comes_again_is_resumed(string version)
    {
        await using var target = RawTarget.Answering("good");
        await using var balancer = await StartAsync(target, _certificates.Write("site", ["localhost"]));
        Assert.Equal("False 200\nTrue 200\n", await PythonClient.AskTwiceAsync(balancer.Port, version, _certificates.AuthorityFile));
    }

    [Fact]
    public async Task Who_speaks_plain_http_to_it_is_told_so_in_a_whole_answer()
    {
        await using var target = RawTarget.Answering("good");
        await using var balancer = await StartAsync(target, _certificates.Write("site", ["localhost"]));
        Assert.Equal("400 Bad Request\nHere only HTTPS is spoken, not HTTP.\n", await Tool.RunAsync("curl", "-sS", $"http://localhost:{balancer.Port}/"));
        await Until.TrueAsync(() => Counters(balancer).Failures(GreetingFailure.NotTls) == 1, "it is counted");
    }

    [Theory]
    [InlineData("")]
    [InlineData("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")]
    public async Task Handshake_that_does_not_go_on_is_cut_off(string begin)
    {
        var time = new LeapingTime();
        await using var target = RawTarget.Answering("good");
        await using var balancer = await StartAsync(target, time, null, _certificates.Write("site", ["localhost"]));
        using var client = balancer.Client();
        if (begin.Length > 0) await client.SendAsync(begin);
        await Until.TrueAsync(() => balancer.Balancer.Stages.Greetings.Count == 1, "it is being greeted");
        time.Leap(TimeSpan.FromSeconds(11));
        await client.RestAsync();
        await Until.TrueAsync(() => Counters(balancer).Failures(GreetingFailure.TooSlow) == 1, "it is counted");
        await Until.TrueAsync(() => balancer.Balancer.Stages.Greetings.Count == 0, "its place is free");
    }

    [Fact]
    public async Task Handshakes_broken_at_random_places_end_and_leave_nothing_behind()
    {
        await using var target = RawTarget.Answering("good");
        await using var balancer = await StartAsync(target, _certificates.Write("site", ["localhost"]));
        var random = new Random(42);
        var hello = await RecordedHello.OfAsync("localhost");
        for (var i = 0; i < 100; i++)
        {
            using var client = balancer.Client();
            var bytes = hello.ToArray();
            for (var j = 0; j < 1 + i % 5; j++) bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
            await client.Socket.SendAsync(bytes.AsMemory(0, random.Next(1, bytes.Length)), TestContext.Current.CancellationToken);
            client.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        }
        await Until.TrueAsync(() => balancer.Balancer.Stages is { Greetings.Count: 0, Connections.Count: 0 }, "all have ended");
        Assert.Equal("good", (await CurlAsync(balancer)).Trim());
    }

    [Fact]
    public async Task Plain_requests_are_sent_to_https_at_its_own_port_when_the_client_named_one()
    {
        await using var target = RawTarget.Answering("secret");
        var plainPort = TestBalancer.FreePort();
        var certificate = _certificates.Write("site", ["localhost"]);
        await using var balancer = await TestBalancer.ListenAsync(b => b.Snapshot(new RouteRules { PlainHttp = PlainHttp.Redirect }, null, [TestBalancer.Target("t0", target.Port)]) with
        {
            Listeners = [new Listener("http", plainPort, Address: "127.0.0.1"), new Listener("web", b.Port, ListenerProtocol.Https, "127.0.0.1")],
            Certificates = [certificate],
        });
        Assert.Equal("secret", (await Tool.RunAsync("curl", "-sSL", "--cacert", _certificates.AuthorityFile, $"http://localhost:{plainPort}/a?b")).Trim());
        using var client = new RawClient(plainPort);
        Assert.Equal("https://site.org/a?b", (await client.AskAsync("GET /a?b HTTP/1.1\r\nHost: site.org\r\n\r\n")).Field("Location"));
    }

    private static ListenerCounters Counters(TestBalancer balancer) => balancer.Balancer.Stages.ListenerCounters.Of("web");

    private Task<string> CurlAsync(TestBalancer balancer, params string[] options) =>
        Tool.RunAsync("curl", ["-sS", "--cacert", _certificates.AuthorityFile, .. options, $"https://localhost:{balancer.Port}/"]);

    private static Task<string> OpensslAsync(TestBalancer balancer, string options) =>
        Tool.RunAsync("sh", "-c", $"openssl s_client -connect 127.0.0.1:{balancer.Port} {options} </dev/null");

    private static Task<TestBalancer> StartAsync(RawTarget target, params Certificate[] certificates) => StartAsync(target, null, null, certificates);

    private static Task<TestBalancer> StartAsync(RawTarget target, LeapingTime? time, RouteRules? rules, params Certificate[] certificates) =>
        TestBalancer.ListenAsync(b => b.Snapshot(rules, null, [TestBalancer.Target("t0", target.Port)]) with
        {
            Listeners = [new Listener("web", b.Port, ListenerProtocol.Https, "127.0.0.1")],
            Certificates = [.. certificates],
        }, time);
}
