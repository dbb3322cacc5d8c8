using System.Buffers.Binary;

namespace OpenCluster.LoadBalancer.Http2.Frames;

/// <summary>Kinds of frames, RFC 9113 §6. Others must be ignored (§4.1).</summary>
internal enum FrameType : byte { Data, Headers, Priority, RstStream, Settings, PushPromise, Ping, GoAway, WindowUpdate, Continuation }

/// <summary>What the bits of a frame's flags mean, each in some frames only.</summary>
[Flags]
internal enum FrameFlags : byte { None = 0, EndStream = 1, Ack = EndStream, EndHeaders = 4, Padded = 8, Priority = 32 }

/// <summary>The nine bytes before a frame's payload, RFC 9113 §4.1.</summary>
internal readonly record struct FrameHeader(int Length, FrameType Type, FrameFlags Flags, int StreamId)
{
    public const int Bytes = 9;

    public bool Has(FrameFlags flag) => (Flags & flag) != FrameFlags.None;

    public static FrameHeader Read(ReadOnlySpan<byte> from) => new(
        from[0] << 16 | from[1] << 8 | from[2], (FrameType)from[3], (FrameFlags)from[4], (int)(BinaryPrimitives.ReadUInt32BigEndian(from[5..]) & int.MaxValue));

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32BigEndian(to, (uint)Length << 8 | (byte)Type);
        to[4] = (byte)Flags;
        BinaryPrimitives.WriteInt32BigEndian(to[5..], StreamId);
    }
}
