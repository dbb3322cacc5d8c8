using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Microsoft.Win32.SafeHandles;
using OpenCluster.Sockets;

namespace OpenCluster.LoadBalancer.Sockets;

/// <summary>
/// A plain TCP connection on an <see cref="EventLoop"/>. Tries first and waits only when there is nothing; watched from its first wait on, so
/// that a client served and gone was never watched at all.
/// </summary>
/// <remarks>
/// What is known of readiness saves calls: after a receive that did not fill its buffer there is nothing more until an event says so. The
/// flag is cleared before the call and set by events, so that what arrives meanwhile is never missed; and it is looked at once more after
/// a wait was announced. When the other side has ended or failed, a short receive proves nothing (data and end come as one event), so from then on
/// every receive asks the kernel.
/// </remarks>
internal sealed class SocketTransport : Transport, IWatched, IThreadPoolWorkItem, IValueTaskSource<int>, IValueTaskSource
{
    private readonly SocketAddress? _to;
    private readonly ReadOnlyMemory<byte> _preface;
    private readonly AddressFamily _family;
    private readonly EventLoop _loop;

    private ManualResetValueTaskSourceCore<int> _receiving;
    private Memory<byte> _into;
    private int _receiveWaits;
    private bool _onlyWaits;
    private int _readable = 1;
    private volatile bool _ended;

    private ManualResetValueTaskSourceCore<bool> _sending;
    private ReadOnlyMemory<byte> _unsent;
    private int _sendWaits;
    private int _writable = 1;
    private bool _connecting;

    private int _socket;
    private int _watched;
    private int _closed;

    // Calls of the kernel under way, and one for being open: whoever takes it to zero closes, so that no call meets a number given again.
    private int _uses = 1;

    /// <param name="accepted">Connected already; its own from here on.</param>
    public SocketTransport(int accepted, EventLoop loop)
    {
        _socket = accepted;
        _loop = loop;
        _loop.Bear(1);
    }

    /// <summary>One still to be opened.</summary>
    /// <param name="preface">Sent as soon as it is open.</param>
    public SocketTransport(IPEndPoint to, ReadOnlyMemory<byte> preface = default)
    {
        _preface = preface;
        _loop = EventLoop.Here;
        _loop.Bear(1);
        _to = to.Serialize();
        _family = to.AddressFamily;
        _socket = -1;
    }

    public override EventLoop Loop => _loop;

    public override bool HasInput
    {
        get
        {
            if (!Enter()) return true;
            var has = Kernel.HasInput(_socket);
            Leave();
            return has;
        }
    }

    public override ValueTask OpenAsync() => _to is null ? default : _preface.IsEmpty ? ConnectAsync() : GreetAsync();

    private async ValueTask GreetAsync()
    {
        await ConnectAsync().ConfigureAwait(false);
        await SendAsync(_preface).ConfigureAwait(false);
    }

    private ValueTask ConnectAsync()
    {
        var made = Kernel.Socket(_family);
        if (made < 0) return ValueTask.FromException(Failure(made));
        _socket = made;
        var result = Connect();
        if (result == 0) return default;
        if (result != Kernel.InProgress) return ValueTask.FromException(Failure(result));
        _connecting = true;
        return WaitToSend();
    }

    /// <summary>Costs no call where it is known that nothing is there, and the receive that follows finds what this has waited for.</summary>
    public override ValueTask<int> WaitInputAsync()
    {
        if (Volatile.Read(ref _readable) != 0 || _ended)
        {
            Interlocked.Exchange(ref _readable, 0);
            if (HasInput)
            {
                Volatile.Write(ref _readable, 1);
                return default;
            }
        }
        _onlyWaits = true;
        return WaitToReceive(default);
    }

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        var count = Receive(buffer.Span);
        if (count >= 0) return new ValueTask<int>(count);
        return count == Kernel.WouldBlock ? WaitToReceive(buffer) : ValueTask.FromException<int>(Failure(count));
    }

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        var sent = Send(bytes.Span);
        if (sent == bytes.Length) return default;
        if (sent < 0 && sent != Kernel.WouldBlock) return ValueTask.FromException(Failure(sent));
        _unsent = sent > 0 ? bytes[sent..] : bytes;
        return WaitToSend();
    }

    /// <summary>The kernel copies from its own memory of the file to the socket; what it must fetch from the disk first, it fetches on another thread.</summary>
    public override async ValueTask<bool> SendFileAsync(SafeFileHandle file, long offset, int count)
    {
        while (count > 0)
        {
            var (from, most) = (offset, count);
            var sent = Kernel.IsInMemory(file, offset + count - 1) ? SendFile(file, from, most) : await Task.Run(() => SendFile(file, from, most)).ConfigureAwait(false);
            if (sent == 0) return false;
            if (sent > 0)
            {
                offset += sent;
                count -= sent;
            }
            else if (sent == Kernel.WouldBlock)
            {
                await WaitToSend().ConfigureAwait(false);
            }
            else
            {
                throw Failure(sent);
            }
        }
        return true;
    }

    public override void EndSending()
    {
        if (!Enter()) return;
        Kernel.EndSending(_socket);
        Leave();
    }

    public override void Abort()
    {
        if (Enter())
        {
            Kernel.SetReset(_socket);
            Leave();
        }
        Dispose();
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0) return;
        _loop.Bear(-1);
        // What waits is failed on the loop: who closes is often the timer, which has others to look after.
        if (Volatile.Read(ref _receiveWaits) != 0 || Volatile.Read(ref _sendWaits) != 0) _loop.Post(this);
        Leave();
    }

    public void OnEvents(uint events)
    {
        if ((events & (Polling.PeerEnded | Polling.HangUp | Polling.Error)) != 0) _ended = true;
        if ((events & ~Polling.Out) != 0)
        {
            Volatile.Write(ref _readable, 1);
            GoOnReceiving();
        }
        if ((events & (Polling.Out | Polling.HangUp | Polling.Error)) != 0)
        {
            Volatile.Write(ref _writable, 1);
            GoOnSending();
        }
    }

    /// <summary>Posted when it is closed while something waits.</summary>
    public void Execute()
    {
        GoOnReceiving();
        GoOnSending();
    }

    int IValueTaskSource<int>.GetResult(short token) => _receiving.GetResult(token);
    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _receiving.GetStatus(token);
    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _receiving.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.GetResult(short token) => _sending.GetResult(token);
    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _sending.GetStatus(token);
    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _sending.OnCompleted(continuation, state, token, flags);

    /// <summary>Bytes received, 0 for the end, or a negative error number; would-block without a call when that is known.</summary>
    private int Receive(Span<byte> into)
    {
        if (Volatile.Read(ref _readable) == 0 && !_ended && Volatile.Read(ref _closed) == 0) return Kernel.WouldBlock;
        Interlocked.Exchange(ref _readable, 0);
        if (!Enter()) return Kernel.Canceled;
        int count;
        do count = Kernel.Receive(_socket, into);
        while (count == Kernel.Interrupted);
        Leave();
        if (count == into.Length) Volatile.Write(ref _readable, 1);
        else if (count == 0) _ended = true;
        return count;
    }

    /// <summary>0 when an event has said that there is something, or that it is over.</summary>
    private int Look() => Volatile.Read(ref _closed) != 0 ? Kernel.Canceled : Volatile.Read(ref _readable) != 0 || _ended ? 0 : Kernel.WouldBlock;

    /// <summary>Bytes sent, fewer than given when the kernel's buffer is full; or a negative error number.</summary>
    private int Send(ReadOnlySpan<byte> from)
    {
        Interlocked.Exchange(ref _writable, 0);
        if (!Enter()) return Kernel.Canceled;
        int count;
        do count = Kernel.Send(_socket, from);
        while (count == Kernel.Interrupted);
        Leave();
        return count;
    }

    /// <summary>Bytes sent, 0 at the end of the file, or a negative error number.</summary>
    private int SendFile(SafeFileHandle file, long offset, int count)
    {
        Interlocked.Exchange(ref _writable, 0);
        if (!Enter()) return Kernel.Canceled;
        int sent;
        do sent = Kernel.SendFile(_socket, file, offset, count);
        while (sent == Kernel.Interrupted);
        Leave();
        return sent;
    }

    private int Connect()
    {
        Interlocked.Exchange(ref _writable, 0);
        if (!Enter()) return Kernel.Canceled;
        int result;
        do result = Kernel.Connect(_socket, _to!);
        while (result == Kernel.Interrupted);
        Leave();
        return result switch { Kernel.IsConnected => 0, Kernel.Already => Kernel.InProgress, _ => result };
    }

    private ValueTask<int> WaitToReceive(Memory<byte> buffer)
    {
        _into = buffer;
        _receiving.Reset();
        var version = _receiving.Version;
        Watch();
        Interlocked.Exchange(ref _receiveWaits, 1);
        if (Volatile.Read(ref _readable) != 0 || Volatile.Read(ref _closed) != 0) GoOnReceiving();
        return new ValueTask<int>(this, version);
    }

    private void GoOnReceiving()
    {
        while (Interlocked.Exchange(ref _receiveWaits, 0) != 0)
        {
            var count = _onlyWaits ? Look() : Receive(_into.Span);
            if (count != Kernel.WouldBlock)
            {
                _into = default;
                _onlyWaits = false;
                if (count >= 0) _receiving.SetResult(count);
                else _receiving.SetException(Failure(count));
                return;
            }
            Interlocked.Exchange(ref _receiveWaits, 1);
            if (Volatile.Read(ref _readable) == 0 && Volatile.Read(ref _closed) == 0) return;
        }
    }

    private ValueTask WaitToSend()
    {
        _sending.Reset();
        var version = _sending.Version;
        Watch();
        Interlocked.Exchange(ref _sendWaits, 1);
        if (Volatile.Read(ref _writable) != 0 || Volatile.Read(ref _closed) != 0) GoOnSending();
        return new ValueTask(this, version);
    }

    private void GoOnSending()
    {
        while (Interlocked.Exchange(ref _sendWaits, 0) != 0)
        {
            // With nothing to send, who waits sends something else as soon as that is possible.
            var result = _connecting ? Connect() : _unsent.IsEmpty ? 0 : Send(_unsent.Span);
            var isOver = _connecting ? result != Kernel.InProgress : result == _unsent.Length || (result < 0 && result != Kernel.WouldBlock);
            if (isOver)
            {
                _connecting = false;
                _unsent = default;
                if (result >= 0) _sending.SetResult(true);
                else _sending.SetException(Failure(result));
                return;
            }
            if (result > 0) _unsent = _unsent[result..];
            Interlocked.Exchange(ref _sendWaits, 1);
            if (Volatile.Read(ref _writable) == 0 && Volatile.Read(ref _closed) == 0) return;
        }
    }

    private void Watch()
    {
        if (Volatile.Read(ref _watched) != 0 || Interlocked.Exchange(ref _watched, 1) != 0 || !Enter()) return;
        try
        {
            _loop.Watch(_socket, this, Polling.In | Polling.Out | Polling.PeerEnded | Polling.Edge);
        }
        finally
        {
            Leave();
        }
    }

    private bool Enter()
    {
        Interlocked.Increment(ref _uses);
        if (Volatile.Read(ref _closed) == 0) return true;
        Leave();
        return false;
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _uses) != 0) return;
        var socket = Interlocked.Exchange(ref _socket, -1);
        if (socket < 0) return;
        if (_watched != 0) _loop.Forget(socket);
        Kernel.Close(socket);
    }

    private static Exception Failure(int error) => error == Kernel.Canceled ? new ObjectDisposedException(nameof(SocketTransport)) : Loss.Of(error);
}
