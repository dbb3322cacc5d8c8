using System.Buffers.Binary;
using System.Text;

namespace OpenCluster.LoadBalancer.Relaying;

internal enum HelloStatus : byte
{
    NeedMore,
    Complete,
    /// <summary>It is no TLS, or breaks its rules; nothing that follows could mend it.</summary>
    Refused,
}

/// <summary>
/// The host a TLS client asks for, read from its first message without answering it: ClientHello (RFC 8446 §4.1.2) and its server_name
/// (RFC 6066 §3). The message may be spread over several records.
/// </summary>
internal static class ClientHello
{
    /// <summary>Bytes that are waited for at most, record headers included. Those of browsers with post-quantum keys take 2 KiB.</summary>
    public const int MaxBytes = 16 * 1024;

    private const int RecordHeader = 5;
    private const int MessageHeader = 4;
    private const byte HandshakeRecord = 22;
    private const byte ClientHelloMessage = 1;
    private const int ServerName = 0;
    private const byte HostName = 0;

    /// <param name="bytes">All that was received so far.</param>
    /// <param name="host">Lower case, without a final dot; empty when the client names none.</param>
    public static HelloStatus Parse(ReadOnlySpan<byte> bytes, out string host)
    {
        host = "";
        Span<byte> joined = stackalloc byte[MaxBytes];
        var length = 0;
        var at = 0;
        while (true)
        {
            var record = bytes[at..];
            // What is wrong with the beginning is told at once: a client that speaks HTTP here would wait for ever.
            if (record.Length > 0 && record[0] != HandshakeRecord) return HelloStatus.Refused;
            if (record.Length > 1 && record[1] != 3) return HelloStatus.Refused;
            if (record.Length < RecordHeader) return NeedMore(bytes);
            int payload = BinaryPrimitives.ReadUInt16BigEndian(record[3..]);
            if (payload == 0 || length + payload > MaxBytes) return HelloStatus.Refused;
            if (record.Length < RecordHeader + payload) return NeedMore(bytes);
            record.Slice(RecordHeader, payload).CopyTo(joined[length..]);
            length += payload;
            at += RecordHeader + payload;

            if (joined[0] != ClientHelloMessage) return HelloStatus.Refused;
            if (length < MessageHeader) continue;
            var body = joined[1] << 16 | joined[2] << 8 | joined[3];
            if (MessageHeader + body > MaxBytes) return HelloStatus.Refused;
            if (length >= MessageHeader + body) return TryFindHost(joined.Slice(MessageHeader, body), out host) ? HelloStatus.Complete : HelloStatus.Refused;
        }
    }

    private static HelloStatus NeedMore(ReadOnlySpan<byte> bytes) => bytes.Length >= MaxBytes ? HelloStatus.Refused : HelloStatus.NeedMore;

    private static bool TryFindHost(ReadOnlySpan<byte> hello, out string host)
    {
        host = "";
        // legacy_version, random, legacy_session_id, cipher_suites, legacy_compression_methods
        if (hello.Length < 34) return false;
        hello = hello[34..];
        if (!TrySkip(ref hello, lengthBytes: 1) || !TrySkip(ref hello, lengthBytes: 2) || !TrySkip(ref hello, lengthBytes: 1)) return false;
        if (hello.IsEmpty) return true;
        if (!TryTake(ref hello, lengthBytes: 2, out var extensions) || !hello.IsEmpty) return false;
        while (!extensions.IsEmpty)
        {
            if (extensions.Length < 2) return false;
            var type = BinaryPrimitives.ReadUInt16BigEndian(extensions);
            extensions = extensions[2..];
            if (!TryTake(ref extensions, lengthBytes: 2, out var extension)) return false;
            if (type == ServerName) return TryReadNames(extension, out host);
        }
        return true;
    }

    private static bool TryReadNames(ReadOnlySpan<byte> extension, out string host)
    {
        host = "";
        if (!TryTake(ref extension, lengthBytes: 2, out var list) || !extension.IsEmpty || list.IsEmpty) return false;
        while (!list.IsEmpty)
        {
            var type = list[0];
            list = list[1..];
            if (!TryTake(ref list, lengthBytes: 2, out var name)) return false;
            if (type == HostName) return TryName(name, out host);
        }
        return true;
    }

    /// <summary>Letters, digits, hyphens, underscores and dots: what can be in a route, and in a log without harm.</summary>
    private static bool TryName(ReadOnlySpan<byte> name, out string host)
    {
        host = "";
        if (!name.IsEmpty && name[^1] == '.') name = name[..^1];
        if (name.Length is 0 or > 255) return false;
        foreach (var letter in name)
            if (!char.IsAsciiLetterOrDigit((char)letter) && letter is not ((byte)'-' or (byte)'.' or (byte)'_')) return false;
        host = Encoding.ASCII.GetString(name).ToLowerInvariant();
        return true;
    }

    private static bool TrySkip(ref ReadOnlySpan<byte> from, int lengthBytes) => TryTake(ref from, lengthBytes, out _);

    /// <summary>A vector of TLS: its length, then its bytes.</summary>
    private static bool TryTake(ref ReadOnlySpan<byte> from, int lengthBytes, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (from.Length < lengthBytes) return false;
        int length = lengthBytes == 1 ? from[0] : BinaryPrimitives.ReadUInt16BigEndian(from);
        if (from.Length < lengthBytes + length) return false;
        taken = from.Slice(lengthBytes, length);
        from = from[(lengthBytes + length)..];
        return true;
    }
}
