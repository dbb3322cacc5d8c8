using System.Buffers.Binary;

namespace OpenCluster.LoadBalancer.Http2.Frames;

/// <summary>Settings by their numbers, RFC 9113 §6.5.2 and RFC 8441 §3.</summary>
internal enum SettingId : ushort
{
    HeaderTableSize = 1,
    EnablePush = 2,
    MaxConcurrentStreams = 3,
    InitialWindowSize = 4,
    MaxFrameSize = 5,
    MaxHeaderListSize = 6,
    EnableConnectProtocol = 8,
    NoRfc7540Priorities = 9,
}

/// <summary>What the other side has told of itself; the defaults hold until it does.</summary>
internal sealed class Settings
{
    public const int DefaultWindow = 65535;
    public const int DefaultFrameBytes = 16384;
    public const int EntryBytes = 6;

    public uint HeaderTableSize { get; private set; } = 4096;
    /// <summary>Streams that may be open at once towards it; no limit until it says one.</summary>
    public uint MaxConcurrentStreams { get; private set; } = int.MaxValue;
    public int InitialWindowSize { get; private set; } = DefaultWindow;
    /// <summary>It takes extended CONNECT, by which WebSockets come (RFC 8441).</summary>
    public bool EnablesConnectProtocol { get; private set; }

    /// <summary>Takes the payload of a SETTINGS frame, in order; the error when one of its values is not allowed.</summary>
    public ErrorCode Take(ReadOnlySpan<byte> payload)
    {
        for (; payload.Length >= EntryBytes; payload = payload[EntryBytes..])
        {
            var error = Take((SettingId)BinaryPrimitives.ReadUInt16BigEndian(payload), BinaryPrimitives.ReadUInt32BigEndian(payload[2..]));
            if (error != ErrorCode.NoError) return error;
        }
        return ErrorCode.NoError;
    }

    public static void Write(Span<byte> to, SettingId id, uint value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(to, (ushort)id);
        BinaryPrimitives.WriteUInt32BigEndian(to[2..], value);
    }

    private ErrorCode Take(SettingId id, uint value)
    {
        switch (id)
        {
            case SettingId.HeaderTableSize:
                HeaderTableSize = value;
                break;
            case SettingId.MaxConcurrentStreams:
                MaxConcurrentStreams = value;
                break;
            case SettingId.InitialWindowSize when value > int.MaxValue:
                return ErrorCode.FlowControlError;
            case SettingId.InitialWindowSize:
                InitialWindowSize = (int)value;
                break;
            // Larger frames than the default are never sent, so that one stream does not hold up the others; it need not be kept.
            case SettingId.MaxFrameSize when value is < DefaultFrameBytes or > 0xFFFFFF:
            case SettingId.EnablePush or SettingId.EnableConnectProtocol or SettingId.NoRfc7540Priorities when value > 1:
                return ErrorCode.ProtocolError;
            case SettingId.EnableConnectProtocol:
                EnablesConnectProtocol = value == 1;
                break;
        }
        return ErrorCode.NoError;
    }
}
