using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>A transport that, once opened, is a stream of a connection shared with others.</summary>
internal sealed class MultiplexedTransport(Http2Connector connector) : Transport
{
    private readonly Lock _openGate = new();
    private Transport? _stream;
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override bool HasInput => Stream.HasInput;

    public override async ValueTask OpenAsync()
    {
        var stream = await connector.OpenAsync(_disposed.Task).ConfigureAwait(false);
        lock (_openGate)
        {
            _stream = stream;
            if (!_disposed.Task.IsCompleted) return;
        }
        stream.Dispose();
        ObjectDisposedException.ThrowIf(true, this);
    }

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => Stream.ReceiveAsync(buffer);

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => Stream.SendAsync(bytes);

    public override void EndSending() => Stream.EndSending();

    public override void Abort() => Dispose();

    public override void Dispose()
    {
        Transport? stream;
        lock (_openGate)
        {
            _disposed.TrySetResult();
            stream = _stream;
        }
        stream?.Dispose();
    }

    private Transport Stream => _stream ?? throw new ObjectDisposedException(nameof(MultiplexedTransport));
}
