using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Http2.Streams;

/// <summary>
/// Bytes a stream has received and nobody has taken yet, in blocks of the pool. Bounded by the stream's receive window: the other side may not
/// send more.
/// </summary>
internal sealed class ReceiveQueue
{
    private readonly Queue<byte[]> _blocks = new();
    private byte[]? _last;
    private int _start;
    private int _end;

    public int Length { get; private set; }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_last is null || _end == _last.Length)
            {
                _last = BufferPool.Rent();
                _blocks.Enqueue(_last);
                _end = 0;
            }
            var count = Math.Min(bytes.Length, _last.Length - _end);
            bytes[..count].CopyTo(_last.AsSpan(_end));
            _end += count;
            bytes = bytes[count..];
        }
    }

    /// <summary>Moves as many as there are and fit; returns how many.</summary>
    public int Take(Span<byte> to)
    {
        var taken = 0;
        while (Length > 0 && taken < to.Length)
        {
            var block = _blocks.Peek();
            var count = Math.Min(to.Length - taken, (block == _last ? _end : block.Length) - _start);
            block.AsSpan(_start, count).CopyTo(to[taken..]);
            taken += count;
            _start += count;
            Length -= count;
            if (_start == block.Length || Length == 0) Drop();
        }
        return taken;
    }

    public void Clear()
    {
        Length = 0;
        while (_blocks.Count > 0) Drop();
    }

    private void Drop()
    {
        var block = _blocks.Dequeue();
        if (block == _last) _last = null;
        _start = 0;
        BufferPool.Return(block);
    }
}
