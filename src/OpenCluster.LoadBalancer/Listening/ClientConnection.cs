using System.Buffers;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Http2;
using OpenCluster.LoadBalancer.Http2.Streams;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>
/// One client's connection: reads heads, hands each request to the stages, and goes on with the next, in order. Nothing here blocks.
/// (Long, because serving is one flat method, and what it calls between two waits needs its fields.)
/// What it reads and writes is HTTP/1.1 whatever the client speaks: over HTTP/2 each stream is a connection of its own here, and its
/// transport translates.
/// </summary>
internal sealed class ClientConnection : AcceptedConnection
{
    private const int FirstBufferBytes = 4096;

    private readonly TimeKeeper _keeper;
    private readonly Stages _stages;
    private readonly Forwarder _forwarder;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBufferBytes);
    private int _start;
    private int _end;
    private int _closed;
    private bool _idle = true;
    private bool _skippedLine;
    private bool _hasHeadLimit;
    private bool _lingering;
    private long _idleSinceMs;
    private long _bodyBytes;
    private long _bodyWaitedMs;
    private Awaited _awaited;
    private bool _hasServed;
    private volatile Http2ClientConnection? _http2;

    /// <param name="transport">Open already; closed with this.</param>
    public ClientConnection(Transport transport, ClientFacts facts, Stages stages)
    {
        Transport = transport;
        Facts = facts;
        _stages = stages;
        _keeper = stages.Keeper;
        _forwarder = new Forwarder(this, stages);
        _idleSinceMs = _keeper.NowMs;
    }

    public Stages Stages => _stages;
    public Exchange Exchange { get; } = new();
    public ClientFacts Facts { get; }
    public Transport Transport { get; }
    /// <summary>Bytes of the head being served, and of what follows it.</summary>
    public ReadOnlySpan<byte> HeadBytes => _buffer;
    /// <summary>What has been received and belongs to nothing read yet.</summary>
    public ReadOnlyMemory<byte> Buffered => _buffer.AsMemory(_start, _end - _start);
    public bool IsClosed => Volatile.Read(ref _closed) != 0;

    /// <summary>The request being served is a call of gRPC, which there is over HTTP/2 alone.</summary>
    public bool IsAskedByGrpc => Transport is ServedStream && Exchange.Head.Error == HeadError.None && GrpcStatus.IsAskedFor(Exchange.Head, HeadBytes);

    /// <summary>
    /// Serves requests until either side ends the connection.
    /// 1. Receive until there is a whole head. 2. Let it go as far as it goes without waiting. 3. Nearly always that is up to a request that
    /// only has to be sent on a kept connection: send it, receive the answer, pass it on. 4. In all other cases the long way. 5. Count, log, and
    /// begin again.
    /// </summary>
    /// <remarks>
    /// Flat on purpose. Each asynchronous method that has to wait costs an object, for its caller too; this one exists once per connection,
    /// so that a request on the straight way allocates nothing.
    /// </remarks>
    public override async Task ServeAsync()
    {
        _keeper.Add(this);
        try
        {
            while (true)
            {
                HeadStatus head;
                BeginHead();
                while ((head = TakeHead()) == HeadStatus.NeedMore)
                {
                    var count = await Transport.ReceiveAsync(_buffer.AsMemory(_end)).ConfigureAwait(false);
                    if (count == 0) return;
                    _end += count;
                }
                if (head == HeadStatus.Refused)
                {
                    if (!_hasServed && ServerConnection.IsPreface(_buffer.AsSpan(0, _end)))
                    {
                        BecomeHttp2();
                        return;
                    }
                    await _forwarder.RefuseAsync(Exchange.Head.Error).ConfigureAwait(false);
                    await LingerAsync().ConfigureAwait(false);
                    return;
                }

                _hasServed = true;
                try
                {
                    var rest = _forwarder.Begin();
                    if (rest == Rest.Answer)
                    {
                        rest = Rest.Trouble;
                        var attempt = _forwarder.Attempt;
                        try
                        {
                            await attempt.Connection.Transport.SendAsync(attempt.Request).ConfigureAwait(false);
                            while (attempt.Take(await attempt.Connection.ReceiveAsync(attempt.Space).ConfigureAwait(false)) == AnswerProgress.Waiting)
                            {
                            }
                        }
                        catch (Exception lost) when (Loss.Is(lost))
                        {
                            attempt.Lose(lost);
                        }
                        if (attempt.IsPlain)
                        {
                            await SendAsync(_forwarder.Finish()).ConfigureAwait(false);
                            rest = Rest.Nothing;
                        }
                    }
                    if (rest != Rest.Nothing) await _forwarder.GoOnAsync(rest).ConfigureAwait(false);
                }
                catch (ClientGoneException)
                {
                    _forwarder.ClientLeft();
                }
                finally
                {
                    _forwarder.End();
                }
                if (Exchange.Close)
                {
                    await LingerAsync().ConfigureAwait(false);
                    return;
                }
            }
        }
        catch (Exception gone) when (gone is ClientGoneException || Loss.Is(gone))
        {
            // The client went away, or its time was over. Both are counted where they are decided; here is nobody left to tell.
        }
        finally
        {
            if (_http2 is null) Close();
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            if (_http2 is not null) await _http2.ServeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Takes bytes out of <see cref="Buffered"/>.</summary>
    public void Consume(int count) => _start += count;

    /// <summary>Gives back the last bytes read with <see cref="ReadBodyAsync"/>: they belong to the next request.</summary>
    public void PutBack(ReadOnlySpan<byte> bytes)
    {
        // Whatever was buffered has been read before these bytes came, so all the space after the head is free, and these were at
        // most a buffer's worth. The head stays in place: it is still being served.
        var from = Exchange.Head.Length;
        if (_start < _end)
        {
            // They came from this very buffer.
            _start -= bytes.Length;
            return;
        }
        Reserve(from + bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(from));
        _start = from;
        _end = from + bytes.Length;
    }

    /// <summary>Bytes of the request's body: first those buffered, then from the connection, within the time for slow clients. 0 at its end.</summary>
    /// <exception cref="ClientGoneException"/>
    public ValueTask<int> ReadBodyAsync(Memory<byte> buffer)
    {
        var buffered = Buffered;
        if (buffered.Length == 0) return ReceiveAsync(buffer);
        var count = Math.Min(buffered.Length, buffer.Length);
        buffered[..count].CopyTo(buffer);
        _start += count;
        return new ValueTask<int>(count);
    }

    /// <summary>Tells a client that waits for it to send the body (RFC 9110 §10.1.1), then reads.</summary>
    /// <exception cref="ClientGoneException"/>
    public async ValueTask<int> ContinueThenReadAsync(Memory<byte> buffer)
    {
        await SendAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray()).ConfigureAwait(false);
        return await ReadBodyAsync(buffer).ConfigureAwait(false);
    }

    /// <summary>Sends within the time for slow readers.</summary>
    /// <exception cref="ClientGoneException"/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        Exchange.BytesOut += bytes.Length;
        try
        {
            var sending = Transport.SendAsync(bytes);
            return sending.IsCompletedSuccessfully ? default : FinishAsync(sending);
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            throw new ClientGoneException(gone);
        }
    }

    /// <summary>Sends a piece of a file, the same way; false when the file ends before it.</summary>
    /// <exception cref="ClientGoneException"/>
    public async ValueTask<bool> SendFileAsync(SafeFileHandle file, long offset, int count)
    {
        Exchange.BytesOut += count;
        Await(Awaited.AnswerTaken, Limits.SendSilence);
        try
        {
            return await Transport.SendFileAsync(file, offset, count).ConfigureAwait(false);
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            throw new ClientGoneException(gone);
        }
        finally
        {
            AwaitNothing();
        }
    }

    /// <summary>No more requests, no more answers: what is still to be read from here on has only the time of <see cref="Limits.Linger"/>.</summary>
    public void BeginLinger()
    {
        if (_lingering || IsClosed) return;
        Await(Awaited.Goodbye, Limits.Linger);
        _lingering = true;
        try
        {
            Transport.EndSending();
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            Close();
        }
    }

    /// <summary>Has no time limit until the next one is set.</summary>
    public void AwaitNothing()
    {
        if (!_lingering) Volatile.Write(ref DueMs, long.MaxValue);
    }

    public override void Close()
    {
        _http2?.Close();
        if (Interlocked.Exchange(ref _closed, 1) != 0) return;
        _keeper.Remove(this);
        Transport.Dispose();
    }

    /// <summary>The client wants no answer any more: whoever works for it may stop.</summary>
    public void GiveUp()
    {
        Close();
        _forwarder.Abandon();
    }

    /// <summary>Closes so that the client sees it was no good end.</summary>
    public void Abort()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0) return;
        _keeper.Remove(this);
        Transport.Abort();
    }

    internal override bool IsDue(long nowMs) =>
        base.IsDue(nowMs) || (_stages.IsDraining && Volatile.Read(ref _idle) && nowMs - Volatile.Read(ref _idleSinceMs) >= Limits.DrainIdle.TotalMilliseconds);

    internal override void Expire()
    {
        // While draining, a request may have come in since it was found idle: then it is served, and told to close.
        if (_stages.IsDraining && _keeper.NowMs < DueMs && HasInput()) return;
        if (!IsClosed) _stages.Connections.CountExpired(_awaited);
        Close();
    }

    /// <summary>The client knew beforehand that HTTP/2 is spoken here (RFC 9113 §3.3): from here on it is, on the same transport.</summary>
    private void BecomeHttp2()
    {
        _keeper.Remove(this);
        _http2 = new Http2ClientConnection(Transport, _buffer.AsSpan(0, _end).ToArray(), Facts, _stages);
        if (IsClosed) _http2.Close();
    }

    /// <summary>Closes the connection unless it has come, or something else is waited for, by then.</summary>
    private void Await(Awaited what, TimeSpan limit)
    {
        if (_lingering) return;
        _awaited = what;
        Volatile.Write(ref DueMs, _keeper.NowMs + (long)limit.TotalMilliseconds);
    }

    private bool HasInput()
    {
        try
        {
            return Transport.HasInput;
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            return false;
        }
    }

    private void BeginHead()
    {
        Compact();
        Exchange.Head.Clear();
        _skippedLine = false;
        _hasHeadLimit = false;
        _bodyBytes = _bodyWaitedMs = 0;
    }

    /// <summary>Looks whether a whole head is in the buffer, at its start. Otherwise there is space for more of it, and a limit for it to come.</summary>
    private HeadStatus TakeHead()
    {
        if (_end > 0)
        {
            SkipEmptyLine();
            var status = Exchange.Head.Parse(_buffer.AsSpan(0, _end));
            _idle = false;
            if (status == HeadStatus.Complete)
            {
                AwaitNothing();
                _start = Exchange.Head.Length;
            }
            if (status != HeadStatus.NeedMore) return status;
            if (!_hasHeadLimit) Await(Awaited.Head, Limits.Head);
            _hasHeadLimit = true;
        }
        else
        {
            _idle = true;
            Volatile.Write(ref _idleSinceMs, _keeper.NowMs);
            Await(Awaited.NextRequest, Limits.KeepAlive);
        }
        if (_end == _buffer.Length) Reserve(_buffer.Length * 2);
        return HeadStatus.NeedMore;
    }

    /// <summary>Moves what came after the last request to the start, and gives a grown buffer back.</summary>
    private void Compact()
    {
        var rest = _end - _start;
        if (rest > 0 && _start > 0) Buffer.BlockCopy(_buffer, _start, _buffer, 0, rest);
        _start = 0;
        _end = rest;
        if (rest > 0 || _buffer.Length <= FirstBufferBytes) return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = ArrayPool<byte>.Shared.Rent(FirstBufferBytes);
    }

    /// <summary>RFC 9112 §2.2: an empty line before a request, left by sloppy clients after a body, is ignored. One, not many.</summary>
    private void SkipEmptyLine()
    {
        if (_skippedLine || _end < 2 || _buffer[0] != '\r' || _buffer[1] != '\n') return;
        _skippedLine = true;
        Buffer.BlockCopy(_buffer, 2, _buffer, 0, _end - 2);
        _end -= 2;
    }

    private void Reserve(int size)
    {
        if (_buffer.Length >= size) return;
        var larger = ArrayPool<byte>.Shared.Rent(size);
        Buffer.BlockCopy(_buffer, 0, larger, 0, _end);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    /// <summary>
    /// Ends our side first and reads on for a moment: a close with bytes unread makes the kernel send a reset, which could destroy the
    /// answer before the client has read it (RFC 9112 §9.6). Not needed when the client itself asked for the close and has sent nothing more.
    /// </summary>
    private async ValueTask LingerAsync()
    {
        if (IsClosed || (!Exchange.Head.KeepAlive && Exchange.Head.Error == HeadError.None && Exchange.Head.Body == BodyKind.None && Buffered.Length == 0)) return;
        BeginLinger();
        for (long drained = 0; drained < Limits.LingerBytes && !IsClosed;)
        {
            var count = await Transport.ReceiveAsync(_buffer).ConfigureAwait(false);
            if (count == 0) return;
            drained += count;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        var waitsSince = _keeper.NowMs;
        // The messages of a call may be minutes apart, both ways.
        Await(Awaited.Body, IsAskedByGrpc ? Limits.StreamSilence : Limits.Body(_bodyBytes, _bodyWaitedMs));
        try
        {
            var count = await Transport.ReceiveAsync(buffer).ConfigureAwait(false);
            _bodyBytes += count;
            return count;
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            throw new ClientGoneException(gone);
        }
        finally
        {
            // Only this wait is the client's doing; what a target takes for the bytes is not.
            _bodyWaitedMs += _keeper.NowMs - waitsSince;
            AwaitNothing();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FinishAsync(ValueTask sending)
    {
        Await(Awaited.AnswerTaken, Limits.SendSilence);
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            throw new ClientGoneException(gone);
        }
        finally
        {
            AwaitNothing();
        }
    }
}
