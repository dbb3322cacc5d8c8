using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Http2.Hpack;
using OpenCluster.LoadBalancer.Http2.Streams;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Http2;

/// <summary>
/// What goes out on a connection: frames of all streams gather in one buffer and leave in one send; while that is under way the next one gathers.
/// DATA obeys the windows of its stream and the connection (RFC 9113 §5.2); streams that wait for room take turns, one frame each.
/// </summary>
internal sealed class Outbound(Transport transport, Lock gate, FloodGuard guard) : IThreadPoolWorkItem
{
    private readonly Queue<Http2Stream> _waiting = new();
    private readonly List<Http2Stream> _freed = [];
    private FrameBuffer _filling = new();
    private FrameBuffer _sending = new();
    private long _window = Settings.DefaultWindow;
    private bool _isFlushing;
    private bool _isScheduled;
    private bool _isClosed;
    private TaskCompletionSource? _room;
    private Action? _whenSent;

    public HpackEncoder Encoder { get; } = new();

    /// <summary>Where frames are put; only under the gate.</summary>
    public FrameBuffer Frames => _filling;

    /// <summary>While frames are read: what they bring about is sent when all that have come are done.</summary>
    public bool HoldsBack { get; set; }

    /// <summary>A send failed; the connection is to be given up.</summary>
    public event Action<Exception>? Failed;

    /// <summary>A send has begun that the other side does not take at once (true), or has ended (false).</summary>
    public event Action<bool>? Stalled;

    /// <summary>Adds as much of a stream's payload as windows and room allow; returns how much. Under the gate.</summary>
    public int Data(Http2Stream stream, ReadOnlySpan<byte> payload, bool ends)
    {
        // Those that wait were first; a stream that waits for its own window is not among them.
        if (_waiting.Count > 0 && !payload.IsEmpty && !stream.HasTurn)
        {
            Wait(stream);
            return 0;
        }
        var taken = 0;
        do
        {
            var count = (int)Math.Max(0, Math.Min(Math.Min(payload.Length - taken, Settings.DefaultFrameBytes), Math.Min(_window, stream.SendWindow)));
            if (_filling.Length >= Http2Limits.DataWaiting) count = 0;
            if (count == 0 && !payload.IsEmpty)
            {
                if (stream.SendWindow > 0) Wait(stream);
                return taken;
            }
            var last = taken + count == payload.Length;
            _filling.Frame(FrameType.Data, last && ends ? FrameFlags.EndStream : FrameFlags.None, stream.Id, payload.Slice(taken, count));
            _window -= count;
            stream.SendWindow -= count;
            taken += count;
            guard.DataSent();
            if (stream.HasTurn && !last)
            {
                if (stream.SendWindow > 0) Wait(stream);
                return taken;
            }
        }
        while (taken < payload.Length);
        return taken;
    }

    /// <summary>The other side can take more; false when it says more than there may be (§6.9.1). Under the gate.</summary>
    public bool TryGrow(int increment)
    {
        _window += increment;
        return _window <= int.MaxValue;
    }

    /// <summary>A stream's own window has opened. Under the gate.</summary>
    public void Unblock(Http2Stream stream)
    {
        if (stream.IsSending && stream.SendWindow > 0) Wait(stream);
    }

    /// <summary>A stream is over: it waits no more. Under the gate.</summary>
    public void Forget(Http2Stream stream) => stream.IsWaiting = false;

    /// <summary>Sends what has gathered once others had the chance to add to it. Not under the gate.</summary>
    public void FlushSoon()
    {
        lock (gate)
        {
            if (HoldsBack || _isFlushing || _isScheduled || _filling.Length == 0 || _isClosed) return;
            _isScheduled = true;
        }
        // A loop gets to it when it has run all that its events complete: so what many streams answer at one time leaves together.
        if (transport.Loop is { } loop) loop.Post(this);
        else ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Sends what has gathered. Not under the gate.</summary>
    public void Flush()
    {
        lock (gate)
        {
            _isScheduled = false;
            if (_isFlushing || _isClosed) return;
            _isFlushing = true;
        }
        FlushOn();
    }

    /// <summary>Completes when no more than <see cref="Http2Limits.MostWaiting"/> waits to be sent.</summary>
    public ValueTask WhenRoomAsync()
    {
        lock (gate)
        {
            if (_filling.Length <= Http2Limits.MostWaiting || _isClosed) return default;
            _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_room.Task);
        }
    }

    /// <summary>Does something once all that has gathered is sent.</summary>
    public void WhenSent(Action then)
    {
        lock (gate) _whenSent = then;
        Flush();
    }

    /// <summary>Nothing is sent any more.</summary>
    public void Close()
    {
        lock (gate)
        {
            _isClosed = true;
            _waiting.Clear();
            if (!_isFlushing) Release();
            _room?.TrySetResult();
        }
    }

    void IThreadPoolWorkItem.Execute() => Flush();

    private void Wait(Http2Stream stream)
    {
        if (stream.IsWaiting) return;
        stream.IsWaiting = true;
        _waiting.Enqueue(stream);
    }

    private void FlushOn()
    {
        while (TryBegin())
        {
            try
            {
                var sending = transport.SendAsync(_sending.Written);
                if (!sending.IsCompletedSuccessfully)
                {
                    _ = FinishAsync(sending);
                    return;
                }
            }
            catch (Exception lost) when (Loss.Is(lost))
            {
                Fail(lost);
                return;
            }
        }
    }

    private async Task FinishAsync(ValueTask sending)
    {
        Stalled?.Invoke(true);
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (Exception lost) when (Loss.Is(lost))
        {
            Fail(lost);
            return;
        }
        Stalled?.Invoke(false);
        FlushOn();
    }

    /// <summary>Makes what has gathered the next to be sent; false when there is nothing.</summary>
    private bool TryBegin()
    {
        while (true)
        {
            lock (gate)
            {
                _sending.Clear();
                Pump();
                if (_isClosed || (_filling.Length == 0 && _freed.Count == 0))
                {
                    _isFlushing = false;
                    _freed.Clear();
                    Release();
                    break;
                }
                if (_freed.Count == 0)
                {
                    (_filling, _sending) = (_sending, _filling);
                    _room?.TrySetResult();
                    _room = null;
                    return true;
                }
            }
            Resume();
        }
        _whenSent?.Invoke();
        return false;
    }

    /// <summary>Gives the streams that wait their turns, as far as windows and room go.</summary>
    private void Pump()
    {
        while (_waiting.Count > 0 && _window > 0 && _filling.Length < Http2Limits.DataWaiting)
        {
            var stream = _waiting.Dequeue();
            if (!stream.IsWaiting) continue;
            stream.IsWaiting = false;
            if (stream.SendOn()) _freed.Add(stream);
        }
    }

    /// <summary>Lets those go on whose bytes are all taken: on this thread, one after the other, and what they send next joins what is to be sent.</summary>
    private void Resume()
    {
        foreach (var stream in _freed) stream.Sent();
        _freed.Clear();
    }

    private void Fail(Exception lost)
    {
        lock (gate)
        {
            _isFlushing = false;
            _isClosed = true;
            Release();
            _room?.TrySetResult();
        }
        Failed?.Invoke(lost);
    }

    private void Release()
    {
        _filling.Release();
        _sending.Release();
    }
}
