using System.Buffers.Text;
using OpenCluster.LoadBalancer.Http;

namespace OpenCluster.LoadBalancer.Http2.Streams;

/// <summary>
/// The message a stream receives, given out as HTTP/1.1 text: its head, then the body, in chunks when its length is not known, with the trailers
/// behind the last one. Under the connection's gate.
/// </summary>
internal sealed class Incoming
{
    /// <summary>Room below which no chunk is begun: its size and line ends would be most of it.</summary>
    private const int SmallestChunk = 64;

    private readonly ReceiveQueue _payload = new();
    private byte[] _text = [];
    private int _textStart;
    private int _textEnd;
    private byte[]? _trailers;
    private BodyKind _framing;
    private long _left;
    private bool _hasEnded;

    /// <summary>Everything has been given out.</summary>
    public bool IsDelivered { get; private set; } = true;

    /// <summary>Bytes of payload nobody has taken.</summary>
    public int Waiting => _payload.Length;

    /// <summary>Begins a message with its head; another head of the same message (after an interim one) follows the first.</summary>
    /// <param name="framing">How the body is given out; <see cref="BodyKind.UntilClose"/> for bytes that are no body, after an upgrade.</param>
    /// <param name="length">Bytes of the body that must come; -1 for any number.</param>
    public void Begin(ReadOnlySpan<byte> head, BodyKind framing, long length)
    {
        Append(head);
        _framing = framing;
        _left = length < 0 ? long.MaxValue : length;
        _hasEnded = false;
        _trailers = null;
        IsDelivered = false;
    }

    /// <summary>Adds payload; false when it is more than the head said.</summary>
    public bool TryAdd(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > _left || (_framing == BodyKind.None && payload.Length > 0)) return false;
        _left -= payload.Length;
        _payload.Add(payload);
        return true;
    }

    /// <summary>The other side has sent all; false when it is less than the head said.</summary>
    public bool TryEnd(ReadOnlySpan<byte> trailers)
    {
        _hasEnded = true;
        if (_framing == BodyKind.Chunked && !trailers.IsEmpty) _trailers = trailers.ToArray();
        return _left is 0 or > long.MaxValue / 2 || _framing == BodyKind.None;
    }

    /// <summary>Gives out what there is; -1 when there is nothing yet, 0 at the end of bytes that are no body.</summary>
    /// <param name="payload">Bytes of payload among them, for the windows.</param>
    public int Take(Span<byte> to, out int payload)
    {
        payload = 0;
        var taken = TakeText(to);
        if (IsDelivered || (taken > 0 && _framing == BodyKind.UntilClose)) return taken > 0 ? taken : -1;
        to = to[taken..];
        switch (_framing)
        {
            case BodyKind.Chunked:
                taken += TakeChunk(to, out payload);
                break;
            case BodyKind.UntilClose:
                payload = _payload.Take(to);
                return payload > 0 ? payload : _hasEnded ? 0 : -1;
            default:
                payload = _payload.Take(to);
                taken += payload;
                if (_hasEnded && _payload.Length == 0 && _textStart == _textEnd) IsDelivered = true;
                break;
        }
        return taken > 0 ? taken : -1;
    }

    /// <summary>Drops everything; returns how much payload that was.</summary>
    public int Clear()
    {
        var dropped = _payload.Length;
        _payload.Clear();
        _textStart = _textEnd = 0;
        IsDelivered = true;
        return dropped;
    }

    private int TakeChunk(Span<byte> to, out int payload)
    {
        payload = 0;
        if (_textStart < _textEnd) return 0;
        if (to.Length < SmallestChunk)
        {
            if (_payload.Length == 0 && !_hasEnded) return 0;
            Span<byte> small = stackalloc byte[SmallestChunk];
            Append(small[..TakeChunk(small, out payload)]);
            return TakeText(to);
        }
        var written = 0;
        if (_payload.Length > 0)
        {
            // Four digits of size do for any buffer there is; larger ones just get more chunks.
            var count = Math.Min(Math.Min(_payload.Length, to.Length - 8), 0xFFFF);
            Utf8Formatter.TryFormat(count, to, out var digits, 'x');
            to[digits] = (byte)'\r';
            to[digits + 1] = (byte)'\n';
            payload = _payload.Take(to.Slice(digits + 2, count));
            written = digits + 2 + count;
            to[written] = (byte)'\r';
            to[written + 1] = (byte)'\n';
            written += 2;
        }
        if (!_hasEnded || _payload.Length > 0) return written;
        IsDelivered = true;
        Append("0\r\n"u8);
        Append(_trailers);
        Append("\r\n"u8);
        _trailers = null;
        return written + TakeText(to[written..]);
    }

    private int TakeText(Span<byte> to)
    {
        var count = Math.Min(_textEnd - _textStart, to.Length);
        _text.AsSpan(_textStart, count).CopyTo(to);
        _textStart += count;
        if (_textStart == _textEnd) _textStart = _textEnd = 0;
        return count;
    }

    private void Append(ReadOnlySpan<byte> text)
    {
        if (_text.Length - _textEnd < text.Length) Array.Resize(ref _text, Math.Max(512, (_textEnd + text.Length) * 2));
        text.CopyTo(_text.AsSpan(_textEnd));
        _textEnd += text.Length;
    }
}
