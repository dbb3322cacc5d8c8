using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using OpenCluster.Controller.Http;

namespace OpenCluster.Controller.Streams;

/// <summary>
/// Writes server-sent events (WHATWG HTML, section 9.2). A stream never ends by itself: while there is nothing to say an
/// <c>alive</c> event goes out every <see cref="AliveEvery"/>, by which the reader tells silence from death.
/// </summary>
internal sealed class EventStreams(TimeProvider time, int maxStreams, CancellationToken stopping)
{
    public static readonly TimeSpan AliveEvery = TimeSpan.FromSeconds(5);

    private static readonly byte[] Alive = "event: alive\ndata: 0\n\n"u8.ToArray();
    private int _open;

    /// <summary>Streams open now.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>The id after which the reader wants to go on; 0 when it has none (or one that is not ours).</summary>
    public static long LastIdOf(HttpContext context) =>
        long.TryParse(context.Request.Headers["Last-Event-ID"].ToString(), out var id) && id > 0 ? id : 0;

    /// <summary>
    /// Serves one stream until its reader goes or the controller stops.
    /// </summary>
    /// <param name="take">Takes what is ready now: true with a frame, false when there is none.</param>
    /// <param name="wait">True when there may be something to take; false when there never will be again.</param>
    public async Task ServeAsync(HttpContext context, TryTake take, Func<CancellationToken, ValueTask<bool>> wait)
    {
        if (Interlocked.Increment(ref _open) > maxStreams)
        {
            Interlocked.Decrement(ref _open);
            throw Problems.Busy($"All {maxStreams} event streams are in use.");
        }

        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
            await WriteAllAsync(context, take, wait, ended.Token);
        }
        catch (OperationCanceledException)
        {
            // The reader has gone or the controller stops: that is how a stream ends.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task WriteAllAsync(HttpContext context, TryTake take, Func<CancellationToken, ValueTask<bool>> wait, CancellationToken ct)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var body = context.Response.BodyWriter;
        // At once, so that the reader knows the stream stands.
        body.Write(Alive);
        using var tick = new PeriodicTimer(AliveEvery, time);
        var ticked = tick.WaitForNextTickAsync(ct).AsTask();
        var ready = wait(ct).AsTask();
        while (true)
        {
            while (take(out var frame)) Write(body, frame);
            var flushed = await body.FlushAsync(ct);
            if (flushed.IsCompleted) return;

            await Task.WhenAny(ready, ticked);
            if (ready.IsCompleted)
            {
                if (!await ready) return;
                ready = wait(ct).AsTask();
            }

            if (!ticked.IsCompleted) continue;
            await ticked;
            ticked = tick.WaitForNextTickAsync(ct).AsTask();
            body.Write(Alive);
        }
    }

    private static void Write(PipeWriter body, Frame frame)
    {
        Span<byte> head = stackalloc byte[32];
        var length = Encoding.ASCII.GetBytes($"id: {frame.Id}\n", head);
        body.Write(head[..length]);
        body.Write("data: "u8);
        body.Write(frame.Json.Span);
        body.Write("\n\n"u8);
    }

    /// <summary>Like <c>TryDequeue</c>.</summary>
    public delegate bool TryTake(out Frame frame);
}
