using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using OpenCluster.LoadBalancer.Observing;
using OpenCluster.LoadBalancer.Observing.Tracing;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Observing;

/// <summary>Requests as parts of traces: by W3C Trace Context between client, load-balancer and target, by OTLP to a collector.</summary>
public sealed class TracingTests
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c", ClientSpan = "b7ad6b7169203331";

    [Fact]
    public async Task A_trace_of_the_client_goes_on_at_the_target_and_the_collector_is_told_of_the_part_between()
    {
        await using var collector = new Collector();
        var seen = new ConcurrentQueue<string>();
        await using var target = new RawTarget(async request =>
        {
            seen.Enqueue($"{request.Field("traceparent")} {request.Field("tracestate")}");
            await request.AnswerAsync(503, "not now");
        });
        await using var balancer = await StartAsync(target, new TraceRule(collector.Url, Share: 0));
        using var client = balancer.Client();
        await client.AskAsync($"GET /orders/7?x=1 HTTP/1.1\r\nHost: shop.example.org\r\ntraceparent: 00-{TraceId}-{ClientSpan}-01\r\ntracestate: a=b\r\n\r\n");

        var span = (await collector.SpansAsync(1))[0];
        var passed = Assert.Single(seen).Split('-', ' ');
        Assert.Equal(["00", TraceId, (string)span["spanId"]!, "01", "a=b"], passed);
        Assert.NotEqual(ClientSpan, passed[2]);
        Assert.Equal((TraceId, ClientSpan, "GET site"), ((string?)span["traceId"], (string?)span["parentSpanId"], (string?)span["name"]));
        Assert.Equal((2, 2), ((int)span["kind"]!, (int)span["status"]!["code"]!));
        var told = span["attributes"]!.AsArray().ToDictionary(a => (string)a!["key"]!, a => (string?)(a!["value"]!["stringValue"] ?? a["value"]!["intValue"]));
        Assert.Equal(("GET", "/orders/7", "shop.example.org", "503", "t0"),
            (told["http.request.method"], told["url.path"], told["server.address"], told["http.response.status_code"], told["opencluster.instance"]));
        var (start, end) = (long.Parse((string)span["startTimeUnixNano"]!), long.Parse((string)span["endTimeUnixNano"]!));
        Assert.InRange(DateTimeOffset.UnixEpoch.AddTicks(start / 100), DateTimeOffset.UtcNow.AddMinutes(-2), DateTimeOffset.UtcNow);
        Assert.InRange(end - start, 0, 60_000_000_000);
    }

    [Theory]
    [InlineData("")]
    [InlineData("traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01\r\n")]
    [InlineData("traceparent: 00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01\r\n")]
    [InlineData("traceparent: nonsense\r\n")]
    public async Task Where_none_comes_along_a_trace_begins_here_for_those_that_are_drawn(string field)
    {
        await using var collector = new Collector();
        var seen = new ConcurrentQueue<string?>();
        await using var target = new RawTarget(async request =>
        {
            seen.Enqueue(request.Field("traceparent"));
            await request.AnswerAsync(200, "fine");
        });
        await using var balancer = await StartAsync(target, new TraceRule(collector.Url, Share: 1));
        using var client = balancer.Client();
        Assert.Equal("fine", (await client.AskAsync($"GET / HTTP/1.1\r\nHost: a\r\n{field}\r\n")).Body);
        var span = (await collector.SpansAsync(1))[0];
        Assert.Equal($"00-{span["traceId"]}-{span["spanId"]}-01", Assert.Single(seen));
        Assert.Null(span["parentSpanId"]);
        Assert.Null(span["status"]);
    }

    [Fact]
    public async Task What_is_not_traced_passes_as_it_came()
    {
        var unsampled = $"00-{TraceId}-{ClientSpan}-00";
        var seen = new ConcurrentQueue<string?>();
        await using var collector = new Collector();
        await using var target = new RawTarget(async request =>
        {
            seen.Enqueue(request.Field("traceparent"));
            await request.AnswerAsync(200, "fine");
        });
        await using var balancer = await StartAsync(target, new TraceRule(collector.Url, Share: 1));
        using var client = balancer.Client();
        await client.AskAsync($"GET / HTTP/1.1\r\nHost: a\r\ntraceparent: {unsampled}\r\n\r\n");
        Assert.Equal(unsampled, Assert.Single(seen));
    }

    [Fact]
    public async Task A_collector_that_is_away_costs_spans_and_no_request()
    {
        await using var target = RawTarget.Answering("fine");
        await using var balancer = await StartAsync(target, new TraceRule($"http://127.0.0.1:{TestBalancer.FreePort()}/v1/traces", Share: 1));
        using var client = balancer.Client();
        for (var i = 0; i < 20; i++) Assert.Equal("fine", (await client.GetAsync()).Body);
        await Until.TrueAsync(() => balancer.Balancer.Stages.Tracer!.Dropped > 0, "spans are dropped");
        Assert.Contains("opencluster_lb_spans_told_total 0\n", MetricsText.Of(balancer.Balancer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true, true)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", true, false)]
    [InlineData("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-later-versions-add", true, true)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false, false)]
    [InlineData("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false, false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false, false)]
    [InlineData("00-0af7651916cd43dd8448eb211c8031-b7ad6b7169203331-01", false, false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319x-b7ad6b7169203331-01", false, false)]
    [InlineData("", false, false)]
    public void Traceparent_is_read_as_W3C_has_it(string field, bool isOne, bool isSampled)
    {
        Assert.Equal((isOne, isSampled), (TraceContext.TryParse(Encoding.ASCII.GetBytes(field), 7, out var context, out var sampled), sampled));
        if (isOne) Assert.Equal((TraceId, 0xb7ad6b7169203331ul, 7ul), (context.TraceId, context.Parent, context.Span));
    }

    private static Task<TestBalancer> StartAsync(RawTarget target, TraceRule traces) =>
        TestBalancer.ListenAsync(b => b.Snapshot(new RouteRules { WaitFor = TimeSpan.Zero, Retries = 0 }, null, [TestBalancer.Target("t0", target.Port)]) with { Traces = traces });

    /// <summary>Takes what OTLP sends over HTTP.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly RawTarget _http;
        private readonly ConcurrentQueue<JsonNode> _spans = new();

        public Collector() => _http = new RawTarget(async request =>
        {
            Assert.Equal(("POST /v1/traces HTTP/1.1", "application/json"), (request.Line, request.Field("Content-Type")));
            var told = JsonNode.Parse(await request.BodyAsync())!["resourceSpans"]![0]!;
            Assert.Equal("opencluster-load-balancer", (string?)told["resource"]!["attributes"]![0]!["value"]!["stringValue"]);
            foreach (var span in told["scopeSpans"]![0]!["spans"]!.AsArray()) _spans.Enqueue(span!);
            await request.AnswerAsync(200, "{}");
        });

        public string Url => $"http://127.0.0.1:{_http.Port}/v1/traces";

        public async Task<JsonNode[]> SpansAsync(int count)
        {
            await Until.TrueAsync(() => _spans.Count >= count, "the collector is told");
            return [.. _spans];
        }

        public ValueTask DisposeAsync() => _http.DisposeAsync();
    }
}
