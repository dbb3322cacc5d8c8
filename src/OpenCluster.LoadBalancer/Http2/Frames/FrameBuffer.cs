using System.Buffers;
using System.Buffers.Binary;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Http2.Frames;

/// <summary>Frames one after the other, on their way out. Holds memory only while there is something in it.</summary>
internal sealed class FrameBuffer
{
    private byte[] _bytes = [];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Room for at least so many bytes after what is written. Taken by <see cref="Advance"/>.</summary>
    public Span<byte> Free(int bytes)
    {
        if (_bytes.Length - Length < bytes) Grow(bytes);
        return _bytes.AsSpan(Length);
    }

    public void Advance(int bytes) => Length += bytes;

    public void Frame(FrameType type, FrameFlags flags, int streamId, ReadOnlySpan<byte> payload)
    {
        var to = Free(FrameHeader.Bytes + payload.Length);
        new FrameHeader(payload.Length, type, flags, streamId).Write(to);
        payload.CopyTo(to[FrameHeader.Bytes..]);
        Advance(FrameHeader.Bytes + payload.Length);
    }

    public void WindowUpdate(int streamId, int increment)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, increment);
        Frame(FrameType.WindowUpdate, FrameFlags.None, streamId, payload);
    }

    public void Reset(int streamId, ErrorCode error)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(payload, (uint)error);
        Frame(FrameType.RstStream, FrameFlags.None, streamId, payload);
    }

    public void GoAway(int lastStreamId, ErrorCode error, ReadOnlySpan<byte> reason)
    {
        Span<byte> payload = stackalloc byte[8 + reason.Length];
        BinaryPrimitives.WriteInt32BigEndian(payload, lastStreamId);
        BinaryPrimitives.WriteUInt32BigEndian(payload[4..], (uint)error);
        reason.CopyTo(payload[8..]);
        Frame(FrameType.GoAway, FrameFlags.None, 0, payload);
    }

    /// <summary>
    /// Finishes a field block that begins at <paramref name="start"/>, where nine bytes were left for its frame's header: what is longer than
    /// a frame may be goes on in CONTINUATION frames.
    /// </summary>
    public void EndFieldBlock(int start, int streamId, FrameFlags flags)
    {
        var block = Length - start - FrameHeader.Bytes;
        var more = (Math.Max(block, 1) - 1) / Settings.DefaultFrameBytes;
        if (more == 0)
        {
            new FrameHeader(block, FrameType.Headers, flags | FrameFlags.EndHeaders, streamId).Write(_bytes.AsSpan(start));
            return;
        }

        Free(more * FrameHeader.Bytes);
        Advance(more * FrameHeader.Bytes);
        // From the last piece on, so that each is moved over free space.
        for (var piece = more; piece >= 0; piece--)
        {
            var from = start + FrameHeader.Bytes + piece * Settings.DefaultFrameBytes;
            var length = Math.Min(block - piece * Settings.DefaultFrameBytes, Settings.DefaultFrameBytes);
            var at = start + piece * (Settings.DefaultFrameBytes + FrameHeader.Bytes);
            _bytes.AsSpan(from, length).CopyTo(_bytes.AsSpan(at + FrameHeader.Bytes));
            var ends = piece == more ? FrameFlags.EndHeaders : FrameFlags.None;
            new FrameHeader(length, piece == 0 ? FrameType.Headers : FrameType.Continuation, piece == 0 ? flags : ends, streamId).Write(_bytes.AsSpan(at));
        }
    }

    public void Clear() => Length = 0;

    public void Release()
    {
        Length = 0;
        if (_bytes.Length == 0) return;
        BufferPool.Return(_bytes);
        _bytes = [];
    }

    private void Grow(int bytes)
    {
        var larger = Length + bytes <= BufferPool.Bytes ? BufferPool.Rent() : ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, Length + bytes));
        _bytes.AsSpan(0, Length).CopyTo(larger);
        if (_bytes.Length > 0) BufferPool.Return(_bytes);
        _bytes = larger;
    }
}
