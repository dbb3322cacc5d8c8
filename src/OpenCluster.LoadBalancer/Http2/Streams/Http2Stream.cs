using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Http2.Messages;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Http2.Streams;

/// <summary>
/// A transport of HTTP/1.1 whose messages go as streams of an HTTP/2 connection, one stream per request, one after the other: to its user it
/// looks like a connection that is kept alive. So it is an object of a pool: no request allocates it. Streams of a connection are independent.
/// State changes under the connection's gate; whoever waits is told outside of it.
/// </summary>
internal abstract class Http2Stream(Http2Connection connection) : Transport
{
    private readonly Signal _received = new();
    private readonly Signal _sent = new();
    private Memory<byte> _into;
    private bool _isReceiving;
    private ReadOnlyMemory<byte> _text;
    private ReadOnlyMemory<byte> _payload;
    private bool _endsWithPayload;
    private Exception? _lost;
    private bool _isSevered;
    private bool _isAbandoned;
    private bool _isDisposed;
    private int _receiveWindow;
    private int _taken;

    /// <summary>The stream it stands for now; 0 between two.</summary>
    public int Id { get; private set; }

    /// <summary>What the other side still takes of this stream's payload (RFC 9113 §6.9.1); may be negative after a change of settings.</summary>
    public long SendWindow { get; set; }

    /// <summary>It stands in the queue of those that have payload and may send.</summary>
    public bool IsWaiting { get; set; }

    /// <summary>Its user is about to go on; only for the reading loop.</summary>
    public bool IsWoken { get; set; }

    /// <summary>It sends from that queue.</summary>
    public bool HasTurn { get; private set; }

    /// <summary>Its user waits for bytes to be taken.</summary>
    public bool IsSending { get; private set; }

    /// <summary>The other side has ended the stream.</summary>
    public bool HasRemoteEnded { get; private set; }

    /// <summary>We have ended the stream.</summary>
    public bool HasLocalEnded { get; private set; }

    protected Http2Connection Connection => connection;
    protected Incoming Incoming { get; } = new();
    protected BodyUnframer Unframer { get; } = new();

    /// <summary>Its user has received something of the stream's message.</summary>
    protected bool HasGiven { get; private set; }

    /// <summary>The next bytes to be sent begin a head.</summary>
    protected bool AtHead { get; set; }

    /// <summary>What is sent are bytes, not messages: after an upgrade.</summary>
    protected bool IsTunnel { get; set; }

    public sealed override bool HasInput => false;

    public sealed override EventLoop? Loop => connection.Loop;

    /// <summary>Called when the other side has given the stream up while its user waits for something else.</summary>
    public Action? Lost { get; set; }

    public sealed override ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        int count;
        lock (connection.Gate)
        {
            count = Take(buffer.Span);
            if (count < 0)
            {
                if (Id == 0) Rest();
                if (_isSevered) return new ValueTask<int>(0);
                _into = buffer;
                _isReceiving = true;
                _received.Clear();
                return _received.Number;
            }
        }
        connection.Out.FlushSoon();
        return new ValueTask<int>(count);
    }

    public sealed override ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        bool all;
        lock (connection.Gate)
        {
            ThrowIfLost();
            BeforeSend();
            _text = bytes;
            all = TrySend();
            if (!all)
            {
                _sent.Clear();
                IsSending = true;
            }
        }
        connection.Out.FlushSoon();
        return all ? default : _sent.Done;
    }

    public sealed override void EndSending()
    {
        lock (connection.Gate)
        {
            if (!IsTunnel)
            {
                // No more messages; one that is not whole by now never will be.
                _isSevered = true;
                if (Id != 0 && !HasLocalEnded) connection.Reset(this, ErrorCode.InternalError);
            }
            else if (Id != 0 && !HasLocalEnded)
            {
                connection.Out.Data(this, default, ends: true);
                EndLocal();
            }
        }
        Wake();
        connection.Out.FlushSoon();
    }

    public sealed override void Abort() => End(ErrorCode.InternalError);

    public sealed override void Dispose() => End(ErrorCode.Cancel);

    /// <summary>Takes up a stream. Under the gate.</summary>
    public void Attach(int id, bool remoteHasEnded)
    {
        Id = id;
        HasRemoteEnded = remoteHasEnded;
        HasLocalEnded = IsTunnel = HasGiven = _endsWithPayload = _isAbandoned = false;
        AtHead = true;
        SendWindow = connection.Remote.InitialWindowSize;
        _receiveWindow = Http2Limits.StreamWindow;
        _taken = 0;
    }

    /// <summary>Payload has come; <paramref name="weight"/> is what it counts in the windows. The error when the stream must be reset. Under the gate.</summary>
    public ErrorCode Deliver(ReadOnlySpan<byte> payload, int weight, bool ends)
    {
        _receiveWindow -= weight;
        if (_receiveWindow < 0) return ErrorCode.FlowControlError;
        // Padding is taken at once.
        Credit(weight - payload.Length);
        if (!Incoming.TryAdd(payload)) return ErrorCode.ProtocolError;
        return ends ? DeliverEnd(default) : ErrorCode.NoError;
    }

    /// <summary>The other side has ended the stream. Under the gate.</summary>
    public ErrorCode DeliverEnd(ReadOnlySpan<byte> trailers)
    {
        HasRemoteEnded = true;
        if (!Incoming.TryEnd(trailers)) return ErrorCode.ProtocolError;
        if (HasLocalEnded) connection.Remove(this);
        return ErrorCode.NoError;
    }

    /// <summary>The stream is no more, and so is what was to be read and sent on it. Under the gate; then <see cref="Wake"/>.</summary>
    public void Lose(Exception why)
    {
        _lost = why;
        connection.Taken(Incoming.Clear());
        connection.Remove(this);
    }

    /// <summary>The other side has reset the stream. Under the gate; then <see cref="Wake"/>.</summary>
    public virtual void OnReset(ErrorCode code) => Lose(StreamLostException.Reset(code));

    /// <summary>It is off its connection. Under the gate.</summary>
    public void Detach() => Id = 0;

    /// <summary>Goes on with what its user waits for, if there is something. Not under the gate.</summary>
    public void Wake()
    {
        var count = -1;
        Exception? lost;
        bool sends;
        lock (connection.Gate)
        {
            lost = _lost;
            if (_isReceiving)
            {
                count = lost is null ? Take(_into.Span) : 0;
                if (count >= 0)
                {
                    _isReceiving = false;
                    _into = default;
                }
            }
            sends = IsSending && (lost is not null || _isAbandoned);
            if (sends)
            {
                IsSending = false;
                _text = _payload = default;
            }
        }
        if (count >= 0)
        {
            if (lost is null) _received.Set(count);
            else _received.Fail(lost);
        }
        if (sends && lost is null) _sent.Set(0);
        else if (sends) _sent.Fail(lost!);
        else if (lost is not null && count < 0) Lost?.Invoke();
    }

    /// <summary>Sends on in its turn; true when all is taken, then <see cref="Sent"/>. Under the gate.</summary>
    public bool SendOn()
    {
        if (!IsSending) return false;
        HasTurn = true;
        var all = TrySend();
        HasTurn = false;
        return all;
    }

    /// <summary>Lets its user go on, who waited for everything to be taken. Not under the gate.</summary>
    public void Sent()
    {
        lock (connection.Gate)
        {
            if (!IsSending) return;
            IsSending = false;
        }
        _sent.Set(0);
    }

    /// <summary>Bytes are about to be sent. Under the gate.</summary>
    protected virtual void BeforeSend()
    {
    }

    /// <summary>Between two streams its user waits for the next. Under the gate.</summary>
    protected abstract void Rest();

    /// <summary>Writes the head at the start of <paramref name="text"/>, sets up <see cref="Unframer"/>, and returns its length. Under the gate.</summary>
    protected abstract int SendHead(ReadOnlySpan<byte> text);

    /// <summary>The message is out. Under the gate.</summary>
    protected abstract void OnSent();

    /// <summary>It will not be used any more. Under the gate.</summary>
    protected abstract void OnDisposed();

    /// <summary>Nothing more will be received on this one. Under the gate.</summary>
    protected void Sever() => _isSevered = true;

    /// <summary>The next message may be sent, on a stream of its own.</summary>
    protected void Renew()
    {
        HasLocalEnded = false;
        AtHead = true;
    }

    /// <summary>What is still to be sent is not wanted, and dropped. Under the gate; then <see cref="Wake"/>.</summary>
    protected void Abandon() => HasLocalEnded = _isAbandoned = true;

    protected void ThrowIfLost()
    {
        if (_lost is not null) throw _lost;
        ObjectDisposedException.ThrowIf(_isDisposed, this);
    }

    protected void EndLocal()
    {
        HasLocalEnded = true;
        OnSent();
        if (HasRemoteEnded && Id != 0) connection.Remove(this);
    }

    /// <summary>What there is to receive; -1 when that must be waited for.</summary>
    private int Take(Span<byte> to)
    {
        ThrowIfLost();
        var count = Incoming.Take(to, out var payload);
        HasGiven |= count >= 0;
        if (payload > 0)
        {
            Credit(payload);
            connection.Taken(payload);
        }
        return count < 0 && _isSevered ? 0 : count;
    }

    /// <summary>Gives window back for what was taken, in steps that are worth a frame.</summary>
    private void Credit(int count)
    {
        _taken += count;
        if (HasRemoteEnded || Id == 0 || _taken < Http2Limits.StreamWindow / 2) return;
        connection.Out.Frames.WindowUpdate(Id, _taken);
        _receiveWindow += _taken;
        _taken = 0;
    }

    /// <summary>Turns text into frames as far as windows and room allow; false when some is left.</summary>
    private bool TrySend()
    {
        while (true)
        {
            if (!_payload.IsEmpty || _endsWithPayload)
            {
                var ends = _endsWithPayload;
                _payload = _payload[connection.Out.Data(this, _payload.Span, ends)..];
                if (!_payload.IsEmpty) return false;
                _endsWithPayload = false;
                if (ends) EndLocal();
            }
            if (_text.IsEmpty || HasLocalEnded)
            {
                _text = default;
                return true;
            }
            if (IsTunnel)
            {
                _payload = _text;
                _text = default;
            }
            else if (AtHead)
            {
                _text = _text[SendHead(_text.Span)..];
            }
            else
            {
                Unframe();
            }
        }
    }

    private void Unframe()
    {
        var read = Unframer.Read(_text.Span, out var payload);
        if (Unframer.IsBad || read == 0) throw new IOException("the body is not framed as its head says");
        _payload = _text.Slice(read - payload, payload);
        _text = _text[read..];
        // The usual end of a chunked body goes with its last piece instead of in a frame of its own.
        if (payload > 0 && !Unframer.IsDone && _text.Span.SequenceEqual("\r\n0\r\n\r\n"u8)) _text = _text[Unframer.Read(_text.Span, out _)..];
        if (!Unframer.IsDone) return;
        if (Unframer.Trailers.IsEmpty) _endsWithPayload = true;
        else SendTrailers();
    }

    private void SendTrailers()
    {
        var frames = connection.Out.Frames;
        var start = frames.Length;
        frames.Free(FrameHeader.Bytes);
        frames.Advance(FrameHeader.Bytes);
        HeadEncoder.Trailers(frames, connection.Out.Encoder, Unframer.Trailers);
        frames.EndFieldBlock(start, Id, FrameFlags.EndStream);
        EndLocal();
    }

    private void End(ErrorCode code)
    {
        lock (connection.Gate)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            if (Id != 0) connection.Reset(this, code);
            _lost ??= new ObjectDisposedException(GetType().Name);
            connection.Taken(Incoming.Clear());
            OnDisposed();
        }
        Wake();
        connection.Out.FlushSoon();
    }
}
