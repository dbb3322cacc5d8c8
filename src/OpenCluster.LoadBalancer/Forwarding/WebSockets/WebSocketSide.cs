using System.Security.Cryptography;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Forwarding.WebSockets;

/// <summary>
/// One side of a WebSocket that passes through: the transport as it is, until the balancer has to end it. Then it says so in the WebSocket's own
/// words, at the end of the frame under way: a close frame with 1001, "going away" (RFC 6455 §7.4.1), after which nothing more is passed on.
/// </summary>
/// <param name="masks">What a client sends is masked: true for the side towards a target.</param>
internal sealed class WebSocketSide(Transport inner, bool masks) : Transport
{
    private const int CloseOpcode = 0x88, GoingAway = 1001;

    private readonly SemaphoreSlim _sending = new(1);
    private FrameTracker _frames;
    private volatile bool _isLeaving;
    private bool _hasLeft;

    public override EventLoop? Loop => inner.Loop;
    public override bool HasInput => inner.HasInput;

    /// <summary>What was sent before this side was made.</summary>
    public void Follow(ReadOnlySpan<byte> sent) => _frames.Follow(sent);

    /// <summary>Says goodbye now if no frame is under way, else behind it. Completes when that is settled; what is slow to take bytes makes it wait.</summary>
    public async Task LeaveAsync()
    {
        _isLeaving = true;
        await _sending.WaitAsync().ConfigureAwait(false);
        try
        {
            await TryLeaveAsync().ConfigureAwait(false);
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            // Who has gone need not be told.
        }
        finally
        {
            _sending.Release();
        }
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await _sending.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_hasLeft) return;
            _frames.Follow(bytes.Span);
            await inner.SendAsync(bytes).ConfigureAwait(false);
            if (_isLeaving) await TryLeaveAsync().ConfigureAwait(false);
        }
        finally
        {
            _sending.Release();
        }
    }

    public override ValueTask<int> WaitInputAsync() => inner.WaitInputAsync();

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => inner.ReceiveAsync(buffer);

    public override void EndSending() => inner.EndSending();

    public override void Abort() => inner.Abort();

    public override void Dispose() => inner.Dispose();

    private async ValueTask TryLeaveAsync()
    {
        if (_hasLeft || _frames.HasClosed || !_frames.IsBetween) return;
        _hasLeft = true;
        await inner.SendAsync(Goodbye(masks)).ConfigureAwait(false);
    }

    private static byte[] Goodbye(bool masked)
    {
        byte high = GoingAway >> 8, low = GoingAway & 0xFF;
        if (!masked) return [CloseOpcode, 2, high, low];
        var mask = RandomNumberGenerator.GetBytes(4);
        return [CloseOpcode, 0x80 | 2, .. mask, (byte)(high ^ mask[0]), (byte)(low ^ mask[1])];
    }
}
