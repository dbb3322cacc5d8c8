using System.Buffers;
using System.Buffers.Text;

namespace OpenCluster.LoadBalancer.Sockets;

/// <summary>Writes bytes one after the other into a rented buffer that grows. Rent with <see cref="Open"/>, give back with <see cref="Release"/>.</summary>
internal sealed class ByteWriter
{
    private byte[]? _bytes;

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public ReadOnlySpan<byte> WrittenSpan => _bytes.AsSpan(0, Length);

    public void Open()
    {
        _bytes ??= BufferPool.Rent();
        Length = 0;
    }

    public void Clear() => Length = 0;

    public void Release()
    {
        if (_bytes is null) return;
        BufferPool.Return(_bytes);
        _bytes = null;
        Length = 0;
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    public void Write(long number)
    {
        Reserve(20);
        Utf8Formatter.TryFormat(number, _bytes.AsSpan(Length), out var written);
        Length += written;
    }

    public void WriteHex(ulong number, int digits)
    {
        Reserve(16);
        Utf8Formatter.TryFormat(number, _bytes.AsSpan(Length), out var written, new StandardFormat('x', (byte)digits));
        Length += written;
    }

    private void Reserve(int more)
    {
        if (_bytes!.Length - Length >= more) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, Length + more));
        _bytes.AsSpan(0, Length).CopyTo(larger);
        BufferPool.Return(_bytes);
        _bytes = larger;
    }
}
