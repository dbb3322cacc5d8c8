using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace OpenCluster.LoadBalancer.Listening;

internal enum ProxyHeaderStatus : byte { NeedMore, Complete, Refused }

/// <summary>
/// The PROXY protocol, versions 1 and 2 (haproxy.org/download/1.8/doc/proxy-protocol.txt): what a proxy in front says of its client before
/// anything else. It is only read from addresses that are trusted, and from those it must be there.
/// </summary>
internal static class ProxyHeader
{
    /// <summary>Longest line of version 1, its CRLF included (§2.1).</summary>
    private const int MaxLine = 107;
    private const int BinaryHeader = 16;

    /// <summary>Longest header read. Version 2 may carry some hundred bytes of extensions, which are skipped.</summary>
    public const int MaxBytes = 2048;

    private static readonly SearchValues<byte> AddressBytes = SearchValues.Create("0123456789abcdefABCDEF.:"u8);
    private static readonly SearchValues<byte> DottedBytes = SearchValues.Create("0123456789."u8);
    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789"u8);

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <param name="length">Of the header when complete; what follows is the client's.</param>
    /// <param name="client">Null when the proxy speaks for itself (a check), or of a client without an IP address.</param>
    public static ProxyHeaderStatus Parse(ReadOnlySpan<byte> bytes, out int length, out IPEndPoint? client)
    {
        length = 0;
        client = null;
        if (bytes.IsEmpty) return ProxyHeaderStatus.NeedMore;
        return bytes[0] == (byte)'P' ? ParseLine(bytes, out length, out client) : ParseBinary(bytes, out length, out client);
    }

    /// <summary>The header that tells of a client, for version 1 or 2.</summary>
    public static byte[] Write(bool binary, IPEndPoint client, IPEndPoint to) => binary ? WriteBinary(client, to) : WriteLine(client, to);

    /// <summary>The header of a proxy that speaks for itself: UNKNOWN, or LOCAL.</summary>
    public static byte[] OwnCheck(bool binary) => binary ? [.. Signature, 0x20, 0, 0, 0] : [.. "PROXY UNKNOWN\r\n"u8];

    private static ProxyHeaderStatus ParseLine(ReadOnlySpan<byte> bytes, out int length, out IPEndPoint? client)
    {
        client = null;
        length = 0;
        var begin = "PROXY "u8;
        var common = Math.Min(begin.Length, bytes.Length);
        if (!bytes[..common].SequenceEqual(begin[..common])) return ProxyHeaderStatus.Refused;
        var end = bytes[..Math.Min(bytes.Length, MaxLine)].IndexOf("\r\n"u8);
        if (end < 0) return bytes.Length >= MaxLine ? ProxyHeaderStatus.Refused : ProxyHeaderStatus.NeedMore;
        length = end + 2;

        Span<Range> words = stackalloc Range[7];
        var line = bytes[..end];
        var count = Split(line, words);
        if (count >= 2 && line[words[1]].SequenceEqual("UNKNOWN"u8)) return ProxyHeaderStatus.Complete;
        var six = count >= 2 && line[words[1]].SequenceEqual("TCP6"u8);
        if (count != 6 || (!six && !line[words[1]].SequenceEqual("TCP4"u8))) return ProxyHeaderStatus.Refused;
        if (!TryAddress(line[words[2]], six, out var source) || !TryAddress(line[words[3]], six, out _)
            || !TryPort(line[words[4]], out var port) || !TryPort(line[words[5]], out _))
            return ProxyHeaderStatus.Refused;
        client = new IPEndPoint(source, port);
        return ProxyHeaderStatus.Complete;
    }

    private static int Split(ReadOnlySpan<byte> line, Span<Range> words)
    {
        var count = 0;
        foreach (var word in line.Split((byte)' '))
        {
            if (count == words.Length) return count;
            words[count++] = word;
        }
        return count;
    }

    private static bool TryAddress(ReadOnlySpan<byte> text, bool six, out IPAddress address)
    {
        address = IPAddress.None;
        // The parser of .NET also takes 1, 0x7f.1 and scopes; here only the usual forms are meant.
        if (text.Length is < 2 or > 39 || text.ContainsAnyExcept(AddressBytes)) return false;
        if (six != text.Contains((byte)':') || (!six && (text.Count((byte)'.') != 3 || text.ContainsAnyExcept(DottedBytes)))) return false;
        return IPAddress.TryParse(Encoding.ASCII.GetString(text), out address!);
    }

    private static bool TryPort(ReadOnlySpan<byte> text, out int port)
    {
        port = 0;
        if (text.Length is 0 or > 5 || text.ContainsAnyExcept(Digits)) return false;
        foreach (var digit in text) port = port * 10 + (digit - '0');
        return port <= 65535;
    }

    private static ProxyHeaderStatus ParseBinary(ReadOnlySpan<byte> bytes, out int length, out IPEndPoint? client)
    {
        client = null;
        length = 0;
        var common = Math.Min(Signature.Length, bytes.Length);
        if (!bytes[..common].SequenceEqual(Signature[..common])) return ProxyHeaderStatus.Refused;
        if (bytes.Length < BinaryHeader) return ProxyHeaderStatus.NeedMore;
        if (bytes[12] >> 4 != 2) return ProxyHeaderStatus.Refused;
        int rest = BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        length = BinaryHeader + rest;
        if (length > MaxBytes) return ProxyHeaderStatus.Refused;
        if (bytes.Length < length) return ProxyHeaderStatus.NeedMore;
        var addresses = bytes.Slice(BinaryHeader, rest);
        switch (bytes[12] & 0xF, bytes[13] >> 4)
        {
            // LOCAL: the proxy itself, as for its checks. Of a PROXY with another family than IP nothing can be used.
            case (0, _) or (1, 0 or 3):
                return ProxyHeaderStatus.Complete;
            case (1, 1) when rest >= 12:
                client = new IPEndPoint(new IPAddress(addresses[..4]), BinaryPrimitives.ReadUInt16BigEndian(addresses[8..]));
                return ProxyHeaderStatus.Complete;
            case (1, 2) when rest >= 36:
                client = new IPEndPoint(new IPAddress(addresses[..16]), BinaryPrimitives.ReadUInt16BigEndian(addresses[32..]));
                return ProxyHeaderStatus.Complete;
            default:
                return ProxyHeaderStatus.Refused;
        }
    }

    private static byte[] WriteLine(IPEndPoint client, IPEndPoint to) => Mixed(client, to)
        ? Encoding.ASCII.GetBytes($"PROXY TCP6 {Six(client)} {Six(to)} {client.Port} {to.Port}\r\n")
        : Encoding.ASCII.GetBytes($"PROXY TCP{(client.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 4 : 6)} {Plain(client)} {Plain(to)} {client.Port} {to.Port}\r\n");

    private static byte[] WriteBinary(IPEndPoint client, IPEndPoint to)
    {
        var six = client.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 || Mixed(client, to);
        var (from, target) = six ? (Six(client), Six(to)) : (client.Address, to.Address);
        var address = six ? 16 : 4;
        var bytes = new byte[BinaryHeader + 2 * address + 4];
        Signature.CopyTo(bytes);
        bytes[12] = 0x21;
        bytes[13] = (byte)(six ? 0x21 : 0x11);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(14), (ushort)(bytes.Length - BinaryHeader));
        from.TryWriteBytes(bytes.AsSpan(BinaryHeader), out _);
        target.TryWriteBytes(bytes.AsSpan(BinaryHeader + address), out _);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(BinaryHeader + 2 * address), (ushort)client.Port);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(BinaryHeader + 2 * address + 2), (ushort)to.Port);
        return bytes;
    }

    private static bool Mixed(IPEndPoint a, IPEndPoint b) => a.AddressFamily != b.AddressFamily;

    private static IPAddress Six(IPEndPoint point) => point.Address.MapToIPv6();

    /// <summary>Without the scope of a link-local address, which means nothing elsewhere.</summary>
    private static IPAddress Plain(IPEndPoint point) => point.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? new IPAddress(point.Address.GetAddressBytes()) : point.Address;
}
