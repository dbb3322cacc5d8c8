using System.Buffers;

namespace OpenCluster.LoadBalancer.Http2.Frames;

/// <summary>A field block that comes in several frames (RFC 9113 §6.10), gathered. Bounded in bytes and in frames: each costs its sender little.</summary>
internal sealed class FieldBlock
{
    private byte[] _bytes = [];
    private int _length;
    private int _frames;

    public bool IsOpen { get; private set; }
    public int StreamId { get; private set; }
    public bool EndsStream { get; private set; }
    public bool DependsOnItself { get; private set; }
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public void Begin(int streamId, bool endsStream, bool dependsOnItself, ReadOnlySpan<byte> first)
    {
        _bytes = ArrayPool<byte>.Shared.Rent(Http2Limits.BlockBytes);
        (IsOpen, StreamId, EndsStream, DependsOnItself) = (true, streamId, endsStream, dependsOnItself);
        first.CopyTo(_bytes);
        _length = first.Length;
        _frames = 0;
    }

    /// <summary>False when that is too much.</summary>
    public bool TryAdd(ReadOnlySpan<byte> next)
    {
        if (++_frames > Http2Limits.Continuations || _length + next.Length > Http2Limits.BlockBytes) return false;
        next.CopyTo(_bytes.AsSpan(_length));
        _length += next.Length;
        return true;
    }

    /// <summary>It is whole.</summary>
    public void End() => IsOpen = false;

    public void Release()
    {
        IsOpen = false;
        _length = 0;
        if (_bytes.Length == 0) return;
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }
}
