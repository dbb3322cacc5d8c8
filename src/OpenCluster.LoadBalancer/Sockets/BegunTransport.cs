namespace OpenCluster.LoadBalancer.Sockets;

/// <summary>A connection of which something was read already that belongs to whoever reads next.</summary>
internal sealed class BegunTransport(Transport below, ReadOnlyMemory<byte> first) : Transport
{
    private ReadOnlyMemory<byte> _first = first;

    public override EventLoop? Loop => below.Loop;
    public override bool HasInput => !_first.IsEmpty || below.HasInput;
    public override ValueTask<int> WaitInputAsync() => _first.IsEmpty ? below.WaitInputAsync() : default;

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        if (_first.IsEmpty) return below.ReceiveAsync(buffer);
        var count = Math.Min(_first.Length, buffer.Length);
        _first[..count].CopyTo(buffer);
        _first = _first[count..];
        return new ValueTask<int>(count);
    }

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => below.SendAsync(bytes);
    public override void EndSending() => below.EndSending();
    public override void Abort() => below.Abort();
    public override void Dispose() => below.Dispose();
}
