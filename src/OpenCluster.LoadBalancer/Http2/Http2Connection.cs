using System.Buffers.Binary;
using System.Text;
using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Http2.Hpack;
using OpenCluster.LoadBalancer.Http2.Streams;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Http2;

/// <summary>
/// An HTTP/2 connection (RFC 9113), the side that both roles share: reads frames, keeps windows and settings, and hands what concerns a stream to
/// it. One loop reads; what it changes is under <see cref="Gate"/>, because streams send and receive on other threads. A fault of the whole
/// connection ends it with a GOAWAY that says what it was; one of a stream resets that stream. (Long, because every kind of frame changes what the
/// one gate guards.)
/// </summary>
internal abstract class Http2Connection : Timed
{
    private readonly Transport _transport;
    private readonly TimeKeeper _keeper;
    private readonly Http2Times _times;
    private readonly FrameInput _input;
    private readonly HpackDecoder _decoder = new();
    private readonly Dictionary<int, Http2Stream> _streams = [];
    private readonly FieldBlock _block = new();
    private readonly List<Http2Stream> _woken = [];
    private readonly int[] _resets = new int[Http2Limits.RememberedResets];
    private int _resetCount;
    private int _receiveWindow = Http2Limits.ConnectionWindow;
    private int _taken;
    private long _sendDueMs = long.MaxValue;
    private bool _hasSettings;
    private int _closed;

    /// <param name="transport">Closed with this.</param>
    /// <param name="received">What was read from it already.</param>
    protected Http2Connection(Transport transport, ReadOnlyMemory<byte> received, TimeKeeper keeper, Http2Times times)
    {
        _transport = transport;
        _keeper = keeper;
        _times = times;
        _input = new FrameInput(transport, received);
        Guard = new FloodGuard(keeper.NowMs);
        Out = new Outbound(transport, Gate, Guard);
        Out.Failed += Close;
        Out.Stalled += stalls => Volatile.Write(ref _sendDueMs, stalls ? keeper.NowMs + (long)times.Send.TotalMilliseconds : long.MaxValue);
    }

    /// <summary>Guards the state of the connection and all its streams; held for as long as a frame takes, never while anybody is told of it.</summary>
    public Lock Gate { get; } = new();

    public Outbound Out { get; }

    /// <summary>The loop whose thread completes its waits.</summary>
    public EventLoop? Loop => _transport.Loop;

    /// <summary>What the other side has told of itself.</summary>
    public Settings Remote { get; } = new();

    /// <summary>Why it ended, in words; null while it has not, or when it ended well.</summary>
    public string? Fault { get; private set; }

    public bool IsClosed => Volatile.Read(ref _closed) != 0;

    /// <summary>Streams that are open.</summary>
    public int Count
    {
        get
        {
            lock (Gate) return _streams.Count;
        }
    }

    protected FloodGuard Guard { get; }
    protected TimeKeeper Keeper => _keeper;

    /// <summary>The highest stream that the other side has opened.</summary>
    protected int LastRemoteId { get; set; }

    /// <summary>From the first byte to the end of the connection. Never throws.</summary>
    public async Task RunAsync()
    {
        Within(_times.Block);
        _keeper.Add(this);
        try
        {
            await _input.BeginAsync(Preface).ConfigureAwait(false);
            Greet();
            while (!IsClosed && await _input.ReadAsync().ConfigureAwait(false))
            {
                if (!TakeFrames()) break;
                await Out.WhenRoomAsync().ConfigureAwait(false);
            }
        }
        catch (Exception lost) when (Loss.Is(lost))
        {
            Fault ??= lost.InWords();
        }
        Close(null);
        // Who closed it before it ran did so before it was added.
        _keeper.Remove(this);
        _input.Release();
    }

    /// <summary>Ends it at once; streams that are open are lost.</summary>
    public void Close() => Close(null);

    /// <summary>Ends one stream, for a reason the other side is told. Under the gate.</summary>
    public virtual void Reset(Http2Stream stream, ErrorCode code)
    {
        if (stream.Id == 0) return;
        Out.Frames.Reset(stream.Id, code);
        Remember(stream.Id);
        Remove(stream);
    }

    /// <summary>A stream is over. Under the gate.</summary>
    public void Remove(Http2Stream stream)
    {
        if (stream.Id == 0) return;
        _streams.Remove(stream.Id);
        Out.Forget(stream);
        stream.Detach();
        OnRemoved();
        if (_streams.Count == 0) Within(_times.Idle);
    }

    /// <summary>Received payload was taken, and its window is given back in steps that are worth a frame. Under the gate.</summary>
    public void Taken(int count)
    {
        _taken += count;
        if (_taken < Http2Limits.ConnectionWindow / 2) return;
        Out.Frames.WindowUpdate(0, _taken);
        _receiveWindow += _taken;
        _taken = 0;
    }

    internal override bool IsDue(long nowMs) => base.IsDue(nowMs) || nowMs >= Volatile.Read(ref _sendDueMs);

    internal override void Expire()
    {
        var stalled = _keeper.NowMs >= Volatile.Read(ref _sendDueMs);
        lock (Gate)
        {
            if (!stalled)
            {
                // Streams have limits of their own.
                if (_streams.Count > 0 && _hasSettings && !_block.IsOpen) return;
                Out.Frames.GoAway(LastRemoteId, _hasSettings ? ErrorCode.NoError : ErrorCode.SettingsTimeout, default);
            }
            Fault ??= stalled ? "it took nothing of what was sent" : null;
        }
        if (!stalled) Out.Flush();
        Close(null);
    }

    /// <summary>What a client sends first and a server expects; empty for who sends it.</summary>
    protected abstract ReadOnlyMemory<byte> Preface { get; }

    /// <summary>The first frames. Under the gate.</summary>
    protected abstract void WriteGreeting(FrameBuffer to);

    /// <summary>A field block that opens a stream, or follows the head of an open one. False when the connection ends.</summary>
    protected abstract bool TakeHead(int streamId, bool ends, ReadOnlySpan<byte> block, bool dependsOnItself);

    /// <summary>A stream the other side speaks of is not open: whether it once was, rather than never.</summary>
    protected abstract bool WasOpen(int streamId);

    /// <summary>The other side wants to end the connection, and has seen streams up to the given one.</summary>
    protected abstract void OnGoAway(int lastStreamId, ErrorCode code);

    /// <summary>The other side has told of itself. Under the gate.</summary>
    protected virtual void OnSettings()
    {
    }

    /// <summary>A PING of ours was answered.</summary>
    protected virtual void OnPong()
    {
    }

    /// <summary>A stream is over. Under the gate.</summary>
    protected virtual void OnRemoved()
    {
    }

    /// <summary>The connection is over.</summary>
    protected virtual void OnClosed()
    {
    }

    /// <summary>Puts a stream among the open ones. Under the gate.</summary>
    protected void Open(int id, Http2Stream stream)
    {
        _streams.Add(id, stream);
        Volatile.Write(ref DueMs, long.MaxValue);
    }

    protected bool TryFind(int id, out Http2Stream stream) => _streams.TryGetValue(id, out stream!);

    protected Http2Stream[] AllStreams() => [.. _streams.Values];

    protected int OpenStreams => _streams.Count;

    /// <summary>Decodes a block. False when it cannot be, which ends the connection.</summary>
    protected bool TryDecode(ReadOnlySpan<byte> block, IFieldSink sink) =>
        _decoder.TryDecode(block, sink) || Fail(ErrorCode.CompressionError, "a field block that cannot be decoded");

    /// <summary>Resets a stream that nobody serves (yet). False when that has happened too often.</summary>
    protected bool Refuse(int streamId, ErrorCode code)
    {
        if (!Guard.Error(_keeper.NowMs)) return Fail(ErrorCode.EnhanceYourCalm, "too many faulty streams");
        lock (Gate)
        {
            Out.Frames.Reset(streamId, code);
            Remember(streamId);
        }
        return true;
    }

    /// <summary>Lets the stream's user go on once all frames that have come are taken. Only on the reading loop.</summary>
    protected void WakeSoon(Http2Stream stream)
    {
        if (stream.IsWoken) return;
        stream.IsWoken = true;
        _woken.Add(stream);
    }

    /// <summary>Ends the connection for a fault of the other side. Always false, so that whoever found it returns that.</summary>
    protected bool Fail(ErrorCode code, string why)
    {
        Fault = why;
        lock (Gate) Out.Frames.GoAway(LastRemoteId, code, Encoding.ASCII.GetBytes(why));
        return false;
    }

    protected bool WasReset(int streamId) => Array.IndexOf(_resets, streamId) >= 0;

    /// <summary>Closes the connection unless changed by then.</summary>
    protected void Within(TimeSpan limit) => Volatile.Write(ref DueMs, _keeper.NowMs + (long)limit.TotalMilliseconds);

    private void Close(Exception? lost)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0) return;
        Fault ??= lost?.InWords();
        _keeper.Remove(this);
        Http2Stream[] open;
        lock (Gate)
        {
            open = AllStreams();
            foreach (var stream in open) stream.Lose(new StreamLostException(Fault ?? "the connection ended", wasProcessed: true));
        }
        Out.Close();
        _transport.Dispose();
        foreach (var stream in open) stream.Wake();
        OnClosed();
    }

    private void Greet()
    {
        lock (Gate)
        {
            WriteGreeting(Out.Frames);
            Out.Frames.WindowUpdate(0, Http2Limits.ConnectionWindow - Settings.DefaultWindow);
        }
        Out.Flush();
    }

    private void Remember(int streamId) => _resets[_resetCount++ % _resets.Length] = streamId;

    /// <summary>
    /// Takes all frames that have come. Those who wait for them go on afterwards, so that a request and its small body are there together; and what
    /// they send at once leaves together, last. False when the connection ends.
    /// </summary>
    private bool TakeFrames()
    {
        lock (Gate) Out.HoldsBack = true;
        var goesOn = true;
        while (goesOn && _input.TryNext(out var header, out var payload))
            goesOn = header.Length <= Http2Limits.FrameBytes ? Take(header, payload) : Fail(ErrorCode.FrameSizeError, "a frame larger than 16 KiB");
        foreach (var stream in _woken)
        {
            stream.IsWoken = false;
            stream.Wake();
        }
        _woken.Clear();
        lock (Gate) Out.HoldsBack = false;
        Out.Flush();
        return goesOn;
    }

    private bool Take(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        // §6.10: nothing may come between the frames of a field block; and §3.4: SETTINGS come first.
        if (_block.IsOpen && (header.Type != FrameType.Continuation || header.StreamId != _block.StreamId))
            return Fail(ErrorCode.ProtocolError, "a frame in the midst of a field block");
        if (!_hasSettings && (header.Type != FrameType.Settings || header.Has(FrameFlags.Ack)))
            return Fail(ErrorCode.ProtocolError, "a frame before the first SETTINGS");
        return header.Type switch
        {
            FrameType.Data => TakeData(header, payload),
            FrameType.Headers => TakeHeaders(header, payload),
            FrameType.Priority => TakePriority(header, payload),
            FrameType.RstStream => TakeReset(header, payload),
            FrameType.Settings => TakeSettings(header, payload),
            FrameType.PushPromise => Fail(ErrorCode.ProtocolError, "a PUSH_PROMISE"),
            FrameType.Ping => TakePing(header, payload),
            FrameType.GoAway => TakeGoAway(header, payload),
            FrameType.WindowUpdate => TakeWindowUpdate(header, payload),
            FrameType.Continuation => TakeContinuation(header, payload),
            _ => CountIdle(),
        };
    }

    private bool CountIdle() => Guard.Idle(_keeper.NowMs) || Fail(ErrorCode.EnhanceYourCalm, "too many frames that do nothing");

    private bool TakeData(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId == 0) return Fail(ErrorCode.ProtocolError, "DATA for no stream");
        var weight = payload.Length;
        if (!TryUnpad(header, ref payload)) return Fail(ErrorCode.ProtocolError, "more padding than frame");
        var ends = header.Has(FrameFlags.EndStream);
        if (payload.IsEmpty && !ends && !CountIdle()) return false;

        Http2Stream? stream;
        ErrorCode error;
        lock (Gate)
        {
            _receiveWindow -= weight;
            if (_receiveWindow < 0) return Fail(ErrorCode.FlowControlError, "more DATA than the connection's window");
            if (!TryFind(header.StreamId, out stream))
            {
                Taken(weight);
                return TakeStray(header.StreamId, "DATA");
            }
            if (stream.HasRemoteEnded) error = ErrorCode.StreamClosed;
            else error = stream.Deliver(payload, weight, ends);
            Taken(weight - payload.Length);
            if (error != ErrorCode.NoError) LoseFaulty(stream, error);
        }
        WakeSoon(stream);
        return error == ErrorCode.NoError || Guard.Error(_keeper.NowMs) || Fail(ErrorCode.EnhanceYourCalm, "too many faulty streams");
    }

    /// <summary>A frame for a stream that is not open: fine if we reset it a moment ago, a fault otherwise (§5.1). Under the gate.</summary>
    private bool TakeStray(int streamId, string what)
    {
        if (WasReset(streamId)) return CountIdle();
        return WasOpen(streamId)
            ? Fail(ErrorCode.StreamClosed, $"{what} for a stream that has ended")
            : Fail(ErrorCode.ProtocolError, $"{what} for a stream that was never opened");
    }

    /// <summary>The stream broke a rule: reset it and let its user know. Under the gate.</summary>
    private void LoseFaulty(Http2Stream stream, ErrorCode error)
    {
        Reset(stream, error);
        stream.Lose(new StreamLostException("a malformed message, or more than was allowed", wasProcessed: true));
    }

    private bool TakeHeaders(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId == 0) return Fail(ErrorCode.ProtocolError, "HEADERS for no stream");
        if (!TryUnpad(header, ref payload)) return Fail(ErrorCode.ProtocolError, "more padding than frame");
        var dependsOnItself = false;
        if (header.Has(FrameFlags.Priority))
        {
            if (payload.Length < 5) return Fail(ErrorCode.FrameSizeError, "HEADERS too short for a priority");
            dependsOnItself = (BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue) == header.StreamId;
            payload = payload[5..];
        }
        var ends = header.Has(FrameFlags.EndStream);
        if (header.Has(FrameFlags.EndHeaders)) return TakeHead(header.StreamId, ends, payload, dependsOnItself);
        Within(_times.Block);
        _block.Begin(header.StreamId, ends, dependsOnItself, payload);
        return true;
    }

    private bool TakeContinuation(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (!_block.IsOpen) return Fail(ErrorCode.ProtocolError, "a CONTINUATION without HEADERS");
        if (!_block.TryAdd(payload)) return Fail(ErrorCode.EnhanceYourCalm, "too long a field block");
        if (!header.Has(FrameFlags.EndHeaders)) return true;
        Volatile.Write(ref DueMs, long.MaxValue);
        _block.End();
        var goesOn = TakeHead(_block.StreamId, _block.EndsStream, _block.Bytes, _block.DependsOnItself);
        _block.Release();
        return goesOn;
    }

    private bool TakePriority(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId == 0) return Fail(ErrorCode.ProtocolError, "PRIORITY for no stream");
        if (!CountIdle()) return false;
        // §5.3.2: priorities mean nothing any more, but their frames must still be well formed.
        if (payload.Length == 5 && (BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue) != header.StreamId) return true;
        var error = payload.Length == 5 ? ErrorCode.ProtocolError : ErrorCode.FrameSizeError;
        Http2Stream? stream;
        lock (Gate)
        {
            if (TryFind(header.StreamId, out stream)) LoseFaulty(stream, error);
        }
        if (stream is not null) WakeSoon(stream);
        return stream is not null || (WasOpen(header.StreamId) ? true : Refuse(header.StreamId, error));
    }

    private bool TakeReset(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (payload.Length != 4) return Fail(ErrorCode.FrameSizeError, "an RST_STREAM of another length than 4");
        if (header.StreamId == 0) return Fail(ErrorCode.ProtocolError, "RST_STREAM for no stream");
        if (!Guard.Reset(_keeper.NowMs)) return Fail(ErrorCode.EnhanceYourCalm, "too many streams reset");
        Http2Stream? stream;
        lock (Gate)
        {
            if (!TryFind(header.StreamId, out stream))
                return WasOpen(header.StreamId) || Fail(ErrorCode.ProtocolError, "RST_STREAM for a stream that was never opened");
            stream.OnReset((ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload));
        }
        WakeSoon(stream);
        return true;
    }

    private bool TakeSettings(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId != 0) return Fail(ErrorCode.ProtocolError, "SETTINGS for a stream");
        if (header.Has(FrameFlags.Ack)) return payload.IsEmpty || Fail(ErrorCode.FrameSizeError, "a SETTINGS acknowledgement with payload");
        if (payload.Length % Settings.EntryBytes != 0) return Fail(ErrorCode.FrameSizeError, "SETTINGS of a length that is no multiple of 6");
        if (!Guard.Settings(_keeper.NowMs)) return Fail(ErrorCode.EnhanceYourCalm, "too many SETTINGS");
        lock (Gate)
        {
            var (window, table) = (Remote.InitialWindowSize, Remote.HeaderTableSize);
            if (Remote.Take(payload) is var error and not ErrorCode.NoError) return Fail(error, "a setting with a value it may not have");
            if (Remote.HeaderTableSize != table) Out.Encoder.Allow(Remote.HeaderTableSize);
            // §6.9.2: the windows of open streams move with the setting, even below zero.
            foreach (var stream in _streams.Values)
            {
                stream.SendWindow += Remote.InitialWindowSize - window;
                if (stream.SendWindow > int.MaxValue) return Fail(ErrorCode.FlowControlError, "a window beyond 2^31-1");
                Out.Unblock(stream);
            }
            Out.Frames.Frame(FrameType.Settings, FrameFlags.Ack, 0, default);
            if (!_hasSettings && _streams.Count == 0) Within(_times.Idle);
            _hasSettings = true;
            OnSettings();
        }
        return true;
    }

    private bool TakePing(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (payload.Length != 8) return Fail(ErrorCode.FrameSizeError, "a PING of another length than 8");
        if (header.StreamId != 0) return Fail(ErrorCode.ProtocolError, "PING for a stream");
        if (header.Has(FrameFlags.Ack))
        {
            OnPong();
            return true;
        }
        if (!Guard.Ping(_keeper.NowMs)) return Fail(ErrorCode.EnhanceYourCalm, "too many PINGs");
        lock (Gate) Out.Frames.Frame(FrameType.Ping, FrameFlags.Ack, 0, payload);
        return true;
    }

    private bool TakeGoAway(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId != 0) return Fail(ErrorCode.ProtocolError, "GOAWAY for a stream");
        if (payload.Length < 8) return Fail(ErrorCode.FrameSizeError, "a GOAWAY shorter than 8");
        OnGoAway(BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue, (ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload[4..]));
        return true;
    }

    private bool TakeWindowUpdate(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (payload.Length != 4) return Fail(ErrorCode.FrameSizeError, "a WINDOW_UPDATE of another length than 4");
        if (!CountIdle()) return false;
        var increment = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
        Http2Stream? stream = null;
        lock (Gate)
        {
            if (header.StreamId == 0)
            {
                if (increment == 0) return Fail(ErrorCode.ProtocolError, "a WINDOW_UPDATE by nothing");
                return Out.TryGrow(increment) || Fail(ErrorCode.FlowControlError, "a window beyond 2^31-1");
            }
            if (!TryFind(header.StreamId, out stream))
                return WasOpen(header.StreamId) || Fail(ErrorCode.ProtocolError, "WINDOW_UPDATE for a stream that was never opened");
            stream.SendWindow += increment;
            if (increment > 0 && stream.SendWindow <= int.MaxValue)
            {
                Out.Unblock(stream);
                return true;
            }
            LoseFaulty(stream, increment == 0 ? ErrorCode.ProtocolError : ErrorCode.FlowControlError);
        }
        WakeSoon(stream);
        return true;
    }

    private static bool TryUnpad(FrameHeader header, ref ReadOnlySpan<byte> payload)
    {
        if (!header.Has(FrameFlags.Padded)) return true;
        if (payload.IsEmpty || payload[0] >= payload.Length) return false;
        payload = payload[1..^payload[0]];
        return true;
    }
}
