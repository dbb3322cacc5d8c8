using System.Buffers;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Relaying;

/// <summary>
/// Bytes both ways between two connections until both sides have ended: connections of TCP, and upgraded ones of HTTP. A side that ends
/// is told to the other, and the other direction goes on: half-closed is a state that protocols use. What one side does not take holds the
/// other back, since nothing is read before the piece before is sent.
/// </summary>
internal sealed class Relay : Timed
{
    /// <summary>Moved at once at most. Only a direction that has something to move holds a buffer.</summary>
    private const int BufferBytes = 64 * 1024;

    private readonly Transport _client;
    private readonly Transport _target;
    private readonly TimeKeeper _keeper;
    private readonly long _idleMs;
    private long _up;
    private long _down;

    private Relay(Transport client, Transport target, TimeSpan idle, TimeKeeper keeper)
    {
        _client = client;
        _target = target;
        _keeper = keeper;
        _idleMs = (long)idle.TotalMilliseconds;
    }

    /// <param name="first">What the client has sent already.</param>
    /// <param name="idle">Silence both ways after which both are closed.</param>
    public static async ValueTask<RelayEnd> RunAsync(Transport client, Transport target, ReadOnlyMemory<byte> first, TimeSpan idle, TimeKeeper keeper)
    {
        var relay = new Relay(client, target, idle, keeper);
        relay.Touch();
        keeper.Add(relay);
        try
        {
            var up = relay.CarryAsync(client, target, first, isUp: true);
            var down = relay.CarryAsync(target, client, default, isUp: false);
            var wholly = (await up.ConfigureAwait(false)) & (await down.ConfigureAwait(false));
            return new RelayEnd(relay._up, relay._down, wholly);
        }
        finally
        {
            keeper.Remove(relay);
        }
    }

    internal override void Expire()
    {
        _client.Dispose();
        _target.Dispose();
    }

    private void Touch() => Volatile.Write(ref DueMs, _keeper.NowMs + _idleMs);

    /// <summary>One direction. False when it broke; both are then closed: what is left for the other side cannot be delivered whole.</summary>
    private async Task<bool> CarryAsync(Transport from, Transport to, ReadOnlyMemory<byte> first, bool isUp)
    {
        byte[]? buffer = null;
        try
        {
            if (first.Length > 0) await PassAsync(to, first, isUp).ConfigureAwait(false);
            while (true)
            {
                await from.WaitInputAsync().ConfigureAwait(false);
                buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
                int count;
                do
                {
                    count = await from.ReceiveAsync(buffer.AsMemory(0, BufferBytes)).ConfigureAwait(false);
                    if (count == 0)
                    {
                        to.EndSending();
                        return true;
                    }
                    await PassAsync(to, buffer.AsMemory(0, count), isUp).ConfigureAwait(false);
                }
                while (count == BufferBytes);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = null;
            }
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            // A reset is passed on as one, so that nobody takes a part for the whole.
            from.Abort();
            to.Abort();
            return false;
        }
        finally
        {
            if (buffer is not null) ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ValueTask PassAsync(Transport to, ReadOnlyMemory<byte> bytes, bool isUp)
    {
        Touch();
        // Each is changed by one direction only.
        if (isUp) _up += bytes.Length;
        else _down += bytes.Length;
        return to.SendAsync(bytes);
    }
}

/// <param name="Wholly">Both sides ended as they should: neither broke nor fell silent for too long.</param>
internal readonly record struct RelayEnd(long BytesUp, long BytesDown, bool Wholly);
