using OpenCluster.LoadBalancer.Http;

namespace OpenCluster.LoadBalancer.Http2.Messages;

/// <summary>
/// An HTTP/1.1 head being written, as far as it fits. What is longer than a head may be ends in the midst, and the parser of HTTP/1.1 refuses it
/// as too large: one place says what is too much.
/// </summary>
internal sealed class HeadText
{
    private readonly byte[] _bytes = new byte[HeadLimits.HeadBytes];

    public int Length { get; private set; }

    /// <summary>Something did not fit.</summary>
    public bool IsCut { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear()
    {
        Length = 0;
        IsCut = false;
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _bytes.Length - Length)
        {
            bytes = bytes[..(_bytes.Length - Length)];
            IsCut = true;
        }
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    public void Line(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var whole = name.Length + value.Length + 4;
        if (whole > _bytes.Length - Length)
        {
            Cut();
            return;
        }
        var to = _bytes.AsSpan(Length);
        name.CopyTo(to);
        to[name.Length] = (byte)':';
        to[name.Length + 1] = (byte)' ';
        value.CopyTo(to[(name.Length + 2)..]);
        to[whole - 2] = (byte)'\r';
        to[whole - 1] = (byte)'\n';
        Length += whole;
    }

    /// <summary>Puts bytes between others.</summary>
    public void Insert(int at, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _bytes.Length - Length)
        {
            Cut();
            return;
        }
        _bytes.AsSpan(at, Length - at).CopyTo(_bytes.AsSpan(at + bytes.Length));
        bytes.CopyTo(_bytes.AsSpan(at));
        Length += bytes.Length;
    }

    /// <summary>Filled up, so that its length says too large; nothing of an earlier head may show.</summary>
    private void Cut()
    {
        _bytes.AsSpan(Length).Fill((byte)'.');
        Length = _bytes.Length;
        IsCut = true;
    }
}
