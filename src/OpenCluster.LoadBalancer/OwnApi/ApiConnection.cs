using System.Globalization;
using System.Text;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.OwnApi;

/// <summary>Answers requests that are for the balancer itself. Called off the threads that carry connections, so it may write to files.</summary>
internal interface IApiHandler
{
    Task<ApiAnswer> AnswerAsync(ApiRequest request, CancellationToken ct);
}

/// <summary>
/// A connection on which the balancer itself is spoken to: apps that register or ask, and its peers. HTTP/1.1 by the same strict parser that
/// guards the front; small bodies only, answers whole. Simple rather than fast: it carries leases, not customers.
/// </summary>
internal sealed class ApiConnection(Transport transport, ClientFacts from, IApiHandler handler, TimeKeeper keeper, int mostBodyBytes = ApiConnection.UsualBodyBytes, Func<bool>? isDraining = null)
    : AcceptedConnection
{
    /// <summary>Far more than any registration.</summary>
    public const int UsualBodyBytes = 64 * 1024;

    private readonly RequestHead _head = new();
    private readonly CancellationTokenSource _gone = new();
    private byte[] _buffer = new byte[4096];
    private int _filled;
    private int _closed;

    /// <summary>Nothing is under way that would be cut off: waits for a request, or streams events.</summary>
    private volatile bool _mayEnd = true;

    /// <summary>While it is another's: neither time limits nor the end of requests close it.</summary>
    private bool _isHandedOver;

    public override async Task ServeAsync()
    {
        keeper.Add(this);
        try
        {
            Within(Limits.Head);
            await transport.OpenAsync().ConfigureAwait(false);
            while (await ReadHeadAsync().ConfigureAwait(false) && await AnswerAsync().ConfigureAwait(false)) { }
        }
        catch (Exception gone) when (Loss.Is(gone) || gone is OperationCanceledException)
        {
            // The other side left or was too slow, or we stop. Nobody is left to tell.
        }
        finally
        {
            Close();
            keeper.Remove(this);
            _gone.Dispose();
        }
    }

    public override void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0) return;
        _gone.Cancel();
        transport.Dispose();
    }

    internal override bool IsDue(long nowMs) => base.IsDue(nowMs) || (_mayEnd && isDraining is not null && isDraining());

    internal override void Expire() => Close();

    private void Within(TimeSpan? limit) => Volatile.Write(ref DueMs, limit is { } some ? keeper.NowMs + (long)some.TotalMilliseconds : long.MaxValue);

    private async Task<bool> ReadHeadAsync()
    {
        _head.Clear();
        Within(_filled > 0 ? Limits.Head : Limits.KeepAlive);
        while (true)
        {
            switch (_head.Parse(_buffer.AsSpan(0, _filled)))
            {
                case HeadStatus.Complete:
                    _mayEnd = false;
                    return true;
                case HeadStatus.Refused:
                    await SendAsync(ApiAnswer.Refused(new(HeadErrors.Status(_head.Error), "malformed", $"The request has {HeadErrors.Text(_head.Error)}.", "Send plain HTTP/1.1.")), close: true).ConfigureAwait(false);
                    return false;
            }
            _mayEnd = _filled == 0;
            if (!await ReceiveAsync().ConfigureAwait(false)) return false;
            if (_filled > 0 && DueMs - keeper.NowMs > Limits.Head.TotalMilliseconds) Within(Limits.Head);
        }
    }

    /// <summary>Whether the connection may serve another request.</summary>
    private async Task<bool> AnswerAsync()
    {
        if (_head.Body == BodyKind.Chunked || _head.ContentLength > mostBodyBytes)
        {
            await SendAsync(ApiAnswer.Refused(_head.Body == BodyKind.Chunked
                ? new(411, "length-required", "The body comes in chunks.", "Send it with a Content-Length.")
                : new(413, "too-large", $"The body has more than {mostBodyBytes} bytes.", "Send less at once.")), close: true).ConfigureAwait(false);
            return false;
        }
        if (_head.ExpectsContinue) await transport.SendAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray()).ConfigureAwait(false);
        var length = _head.Length + (int)(_head.Body == BodyKind.Length ? _head.ContentLength : 0);
        Within(Limits.BodySilence);
        while (_filled < length)
            if (!await ReceiveAsync().ConfigureAwait(false)) return false;

        Within(null);
        // Bytes came on a thread that carries connections; what follows may take its time.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var request = ApiRequest.Of(_head, _buffer, _buffer.AsSpan(_head.Length, length - _head.Length).ToArray(), from);
        var answer = await handler.AnswerAsync(request, _gone.Token).ConfigureAwait(false);
        _filled -= length;
        _buffer.AsSpan(length, _filled).CopyTo(_buffer);
        var close = !_head.KeepAlive || answer is ApiAnswer.Events;
        await SendAsync(answer, close).ConfigureAwait(false);
        return !close && !_isHandedOver;
    }

    private async Task SendAsync(ApiAnswer answer, bool close)
    {
        Within(Limits.SendSilence);
        switch (answer)
        {
            case ApiAnswer.Whole whole:
                await transport.SendAsync(Text(whole, close, keeper.Now)).ConfigureAwait(false);
                break;
            case ApiAnswer.Events events:
                await transport.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"u8.ToArray()).ConfigureAwait(false);
                await StreamAsync(events).ConfigureAwait(false);
                break;
            case ApiAnswer.Switch taken:
                _isHandedOver = true;
                await transport.SendAsync(Encoding.Latin1.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {taken.Protocol}\r\n\r\n")).ConfigureAwait(false);
                Within(null);
                await taken.Take(transport, _buffer.AsMemory(0, _filled).ToArray()).ConfigureAwait(false);
                break;
        }
    }

    private async Task StreamAsync(ApiAnswer.Events events)
    {
        // Nothing is to come from the client but its end, and that ends the stream.
        _mayEnd = true;
        var leaving = WatchLeavingAsync();
        await foreach (var piece in events.Pieces(_gone.Token).ConfigureAwait(false))
        {
            Within(Limits.SendSilence);
            await transport.SendAsync(piece).ConfigureAwait(false);
            Within(null);
        }
        Close();
        await leaving.ConfigureAwait(false);
    }

    private async Task WatchLeavingAsync()
    {
        var scrap = new byte[16];
        try
        {
            while (await transport.ReceiveAsync(scrap).ConfigureAwait(false) > 0) { }
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            // It left the hard way: the same.
        }
        Close();
    }

    private async Task<bool> ReceiveAsync()
    {
        if (_filled == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
        var count = await transport.ReceiveAsync(_buffer.AsMemory(_filled)).ConfigureAwait(false);
        _filled += count;
        return count > 0;
    }

    private static byte[] Text(ApiAnswer.Whole answer, bool close, DateTimeOffset now)
    {
        var head = new StringBuilder();
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {answer.Status} {Titles.Of(answer.Status)}\r\n");
        if (answer.Status != 204) head.Append(CultureInfo.InvariantCulture, $"Content-Type: {answer.ContentType}\r\nContent-Length: {answer.Body.Length}\r\n");
        head.Append(CultureInfo.InvariantCulture, $"Date: {now:R}\r\nCache-Control: no-store\r\n{answer.Fields}");
        if (close) head.Append("Connection: close\r\n");
        head.Append("\r\n");
        var text = new byte[head.Length + answer.Body.Length];
        Encoding.Latin1.GetBytes(head.ToString(), text);
        answer.Body.CopyTo(text.AsMemory(head.Length));
        return text;
    }
}
