using System.Net.Http.Headers;
using System.Text;
using System.Threading.Channels;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Observing.Tracing;

/// <summary>
/// Draws the requests to be traced, and tells the collector of them, many at a time. Requests never wait for it: when it is slow or away, what does
/// not fit into the queue is dropped and counted.
/// </summary>
internal sealed class Tracer : IAsyncDisposable
{
    /// <summary>Some 2 MB.</summary>
    private const int MostWaiting = 4096;
    private const int MostTogether = 512;
    private const int LongestText = 512;
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Channel<SpanRecord> _waiting = Channel.CreateBounded<SpanRecord>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly HttpClient _http = new() { Timeout = Patience };
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeKeeper _keeper;
    private readonly string _balancer;
    private readonly ulong _below;
    private readonly Task _telling;
    private long _told;
    private long _dropped;

    public Tracer(TraceRule rule, string balancer, TimeKeeper keeper)
    {
        (Rule, _balancer, _keeper) = (rule, balancer, keeper);
        _below = (ulong)(Math.Clamp(rule.Share, 0, 1) * (1UL << 32));
        _telling = Task.Run(TellAsync);
    }

    public TraceRule Rule { get; }
    public long Told => Interlocked.Read(ref _told);

    /// <summary>Lost because the collector was slow, away, or refused them.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>The context of a request that is traced: because its client does, or because it was drawn. Empty for all others, whose own header then passes as it came.</summary>
    public TraceContext Begin(Exchange exchange, ReadOnlySpan<byte> bytes)
    {
        var fields = exchange.Head.Fields;
        if (fields.Has(FieldId.TraceParent) && fields.CountOf(FieldId.TraceParent) == 1
            && TraceContext.TryParse(fields.Value(bytes, FieldId.TraceParent), Id(exchange), out var context, out var isSampled))
            return isSampled ? context : default;
        return (uint)exchange.NextRandom() < _below ? new TraceContext(Id(exchange), Id(exchange), 0, Id(exchange)) : default;
    }

    /// <summary>The request is over.</summary>
    public void End(ClientConnection client, long microseconds)
    {
        var exchange = client.Exchange;
        if (!exchange.Trace.IsActive) return;
        var head = exchange.Head;
        var bytes = client.HeadBytes;
        var took = TimeSpan.FromMicroseconds(microseconds);
        var span = new SpanRecord
        {
            Trace = exchange.Trace,
            Start = _keeper.Now - took,
            Took = took,
            Method = Text(bytes[..head.MethodLength]),
            Host = Text(head.Host(bytes)),
            Path = Text(head.Path(bytes)),
            Client = client.Facts.RemoteText,
            Status = exchange.Status,
            Tries = exchange.Tries,
            Route = exchange.Route?.Name ?? "",
            Instance = exchange.Slot?.Key.Id ?? "",
            Reason = exchange.Reason ?? "",
        };
        if (!_waiting.Writer.TryWrite(span)) Interlocked.Increment(ref _dropped);
    }

    /// <summary>Tells what is waiting, and no more.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _telling.WaitAsync(Patience, _keeper.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _http.Dispose();
    }

    private async Task TellAsync()
    {
        var batch = new List<SpanRecord>(MostTogether);
        while (await _waiting.Reader.WaitToReadAsync(_stop.Token).ConfigureAwait(false))
        {
            while (batch.Count < MostTogether && _waiting.Reader.TryRead(out var span)) batch.Add(span);
            await PostAsync(batch).ConfigureAwait(false);
            // More come together meanwhile; a full batch, or the end, does not wait for them.
            if (batch.Count < MostTogether && !_waiting.Reader.Completion.IsCompleted) await Task.Delay(Often, _keeper.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            batch.Clear();
        }
    }

    private async Task PostAsync(List<SpanRecord> batch)
    {
        try
        {
            using var content = new ByteArrayContent(SpanRecord.Request(batch, _balancer));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var answer = await _http.PostAsync(new Uri(Rule.To), content, _stop.Token).ConfigureAwait(false);
            Interlocked.Add(ref answer.IsSuccessStatusCode ? ref _told : ref _dropped, batch.Count);
        }
        catch (Exception away) when (away is HttpRequestException or OperationCanceledException)
        {
            Interlocked.Add(ref _dropped, batch.Count);
        }
    }

    /// <summary>Not 0, which no id may be.</summary>
    private static ulong Id(Exchange exchange) => Math.Max(1, exchange.NextRandom());

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes[..Math.Min(bytes.Length, LongestText)]);
}
