using System.Buffers;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Http2.Frames;

/// <summary>Cuts what is received into frames. While nothing is under way it holds a small buffer, else one for two frames of the largest size.</summary>
internal sealed class FrameInput
{
    private const int RestingBytes = 1024;

    private readonly Transport _transport;
    private byte[] _bytes;
    private int _start;
    private int _end;

    public FrameInput(Transport transport, ReadOnlyMemory<byte> received)
    {
        _transport = transport;
        _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(RestingBytes, received.Length));
        received.CopyTo(_bytes);
        _end = received.Length;
    }

    /// <summary>Reads what must come first.</summary>
    /// <exception cref="IOException">Something else came.</exception>
    public async ValueTask BeginAsync(ReadOnlyMemory<byte> preface)
    {
        while (true)
        {
            var come = Math.Min(_end, preface.Length);
            if (!preface.Span[..come].SequenceEqual(_bytes.AsSpan(0, come))) throw new IOException("it does not speak HTTP/2");
            if (come == preface.Length) break;
            var count = await _transport.ReceiveAsync(_bytes.AsMemory(_end)).ConfigureAwait(false);
            if (count == 0) throw new IOException("it ended before it began");
            _end += count;
        }
        _start = preface.Length;
    }

    /// <summary>Waits for more; false at the end. The first call returns at once when frames have come already.</summary>
    public async ValueTask<bool> ReadAsync()
    {
        if (_start < _end && IsWhole()) return true;
        Arrange();
        var count = await _transport.ReceiveAsync(_bytes.AsMemory(_end)).ConfigureAwait(false);
        _end += count;
        return count > 0;
    }

    /// <summary>The next frame that has come whole; one that is too large is given without its payload. The payload holds until the next read.</summary>
    public bool TryNext(out FrameHeader header, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        header = default;
        if (_end - _start < FrameHeader.Bytes) return false;
        header = FrameHeader.Read(_bytes.AsSpan(_start));
        if (header.Length > Http2Limits.FrameBytes) return true;
        if (_end - _start < FrameHeader.Bytes + header.Length) return false;
        payload = _bytes.AsSpan(_start + FrameHeader.Bytes, header.Length);
        _start += FrameHeader.Bytes + header.Length;
        return true;
    }

    public void Release()
    {
        Return();
        _bytes = [];
        _start = _end = 0;
    }

    private bool IsWhole() =>
        _end - _start >= FrameHeader.Bytes && FrameHeader.Read(_bytes.AsSpan(_start)).Length is var length
        && (length > Http2Limits.FrameBytes || _end - _start >= FrameHeader.Bytes + length);

    /// <summary>Moves what is left to the start, into a buffer that fits what goes on.</summary>
    private void Arrange()
    {
        var rest = _end - _start;
        // A buffer that was filled says that more is under way, and so does part of a frame.
        var wantsLarge = rest > 0 || _end == _bytes.Length;
        var isLarge = _bytes.Length >= BufferPool.Bytes;
        if (wantsLarge == isLarge)
        {
            _bytes.AsSpan(_start, rest).CopyTo(_bytes);
        }
        else
        {
            var next = wantsLarge ? BufferPool.Rent() : ArrayPool<byte>.Shared.Rent(RestingBytes);
            _bytes.AsSpan(_start, rest).CopyTo(next);
            Return();
            _bytes = next;
        }
        _start = 0;
        _end = rest;
    }

    private void Return()
    {
        if (_bytes.Length == BufferPool.Bytes) BufferPool.Return(_bytes);
        else if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
    }
}
