namespace OpenCluster.LoadBalancer.Forwarding.WebSockets;

/// <summary>
/// Follows the frames of one direction of a WebSocket (RFC 6455 §5.2) as they pass, however they are cut: only to know where one ends, since a
/// frame of ours may come between two and never within one.
/// </summary>
internal struct FrameTracker
{
    private const int Close = 8;

    private ulong _length;
    private ulong _left;
    private int _opcode;
    private int _extended;
    private int _wanted;
    private int _have;

    /// <summary>The bytes so far end with a whole frame.</summary>
    public readonly bool IsBetween => _have == 0 && _left == 0;

    /// <summary>The side that sends has said that it closes: nothing may follow.</summary>
    public bool HasClosed { get; private set; }

    public void Follow(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_left > 0)
            {
                var passed = (int)Math.Min(_left, (ulong)bytes.Length);
                _left -= (ulong)passed;
                bytes = bytes[passed..];
                continue;
            }
            Head(bytes[0]);
            bytes = bytes[1..];
        }
    }

    /// <summary>One byte of a frame's head: opcode; mask and length; 0, 2 or 8 bytes of a longer length; 0 or 4 of the mask.</summary>
    private void Head(byte next)
    {
        if (_have == 0)
        {
            _opcode = next & 0xF;
            _wanted = 2;
        }
        else if (_have == 1)
        {
            var length = next & 0x7F;
            _extended = length switch { 126 => 2, 127 => 8, _ => 0 };
            _length = _extended == 0 ? (ulong)length : 0;
            _wanted = 2 + _extended + ((next & 0x80) != 0 ? 4 : 0);
        }
        else if (_have < 2 + _extended)
        {
            _length = (_length << 8) | next;
        }
        if (++_have < _wanted) return;
        HasClosed |= _opcode == Close;
        _left = _length;
        _have = 0;
    }
}
