using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Tls;

/// <summary>
/// What <see cref="System.Net.Security.SslStream"/> reads and writes: the connection below, with nothing between. While shaking hands, what follows a receive
/// runs on a thread of the pool: signing takes up to milliseconds, and the threads that completions run on carry other connections.
/// </summary>
internal sealed class TransportStream(Transport below) : Stream
{
    private const byte HandshakeRecord = 22;
    private volatile bool _shakesHands = true;
    private bool _hasFirst;

    /// <summary>The first byte that came was that of a TLS handshake; true before it has come.</summary>
    public bool LooksLikeTls { get; private set; } = true;

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public void EndHandshake() => _shakesHands = false;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _shakesHands ? ReadAsideAsync(buffer) : buffer.IsEmpty ? below.WaitInputAsync() : below.ReceiveAsync(buffer);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => below.SendAsync(buffer);

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() { }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("only asynchronously");
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("only asynchronously");
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    private async ValueTask<int> ReadAsideAsync(Memory<byte> buffer)
    {
        var count = await below.ReceiveAsync(buffer).ConfigureAwait(false);
        if (!_hasFirst && count > 0)
        {
            _hasFirst = true;
            LooksLikeTls = buffer.Span[0] == HandshakeRecord;
        }
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return count;
    }
}
