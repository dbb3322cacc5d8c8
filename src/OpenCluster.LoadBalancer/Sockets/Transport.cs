using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace OpenCluster.LoadBalancer.Sockets;

/// <summary>
/// A two-way stream of bytes on which HTTP/1.1 is spoken, towards a client or a target: a plain socket, TLS, one stream of an HTTP/2
/// connection that is translated at this edge, a connection an app opened to us. Whoever uses it sends one thing at a time and receives one
/// thing at a time; both may be under way together.
/// </summary>
/// <remarks>
/// What fails does so with a <see cref="System.Net.Sockets.SocketException"/>, an <see cref="ObjectDisposedException"/> when it was closed
/// meanwhile, or an <see cref="IOException"/> whose message says what happened (a TLS handshake); nothing else. See <see cref="Loss"/>.
/// </remarks>
internal abstract class Transport : IDisposable
{
    /// <summary>The loop whose thread completes its waits; null when it has none of its own.</summary>
    public virtual EventLoop? Loop => null;

    /// <summary>Connects, shakes hands: whatever comes before the first byte. Ended early only by <see cref="Dispose"/>.</summary>
    public virtual ValueTask OpenAsync() => default;

    /// <summary>Waits, where it can be done without a buffer, until something can be received, and receives nothing: 0. What is silent for long then holds no memory.</summary>
    public virtual ValueTask<int> WaitInputAsync() => default;

    /// <summary>Bytes as they come, at least one; 0 when the other side has ended.</summary>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer);

    /// <summary>
    /// All of it. What begins a message holds its whole head, so that a transport which translates need not wait for the rest. The bytes are
    /// the caller's again once this completes.
    /// </summary>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>All of a piece of a file; false when the file ends before it does. Read elsewhere, since the disk may block.</summary>
    /// <param name="count">Memory it takes, where the transport must see the bytes.</param>
    public virtual async ValueTask<bool> SendFileAsync(SafeFileHandle file, long offset, int count)
    {
        var piece = ArrayPool<byte>.Shared.Rent(count);
        try
        {
            for (var read = 0; read < count;)
            {
                var more = await RandomAccess.ReadAsync(file, piece.AsMemory(read, count - read), offset + read).ConfigureAwait(false);
                if (more == 0) return false;
                read += more;
            }
            await SendAsync(piece.AsMemory(0, count)).ConfigureAwait(false);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <summary>Whether something can be received at once: bytes, or the end.</summary>
    public abstract bool HasInput { get; }

    /// <summary>No more will be sent; the other direction goes on.</summary>
    public abstract void EndSending();

    /// <summary>Closes so that the other side sees it was no good end: with a reset where there is such a thing.</summary>
    public abstract void Abort();

    /// <summary>A request on it has been answered whole, and it could carry another: gives it back to whoever keeps such connections. False for nobody.</summary>
    public virtual bool TryGiveBack() => false;

    /// <summary>Closes. May come at any time from any thread, and more than once; what is under way then fails.</summary>
    public abstract void Dispose();
}
