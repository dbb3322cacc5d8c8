using System.Runtime.InteropServices;
using System.Text;

namespace OpenCluster.LoadBalancer.Http;

/// <summary>
/// Follows a chunked body (RFC 9112 §7.1) byte by byte as it arrives in any split, strictly: exact CRLFs, hexadecimal sizes of at most 15
/// digits, bounded extensions and trailers, no trailer that frames or routes. What it has accepted may be passed on as it is, since no other
/// parser can read it differently.
/// </summary>
internal sealed class ChunkReader
{
    private const int SizeDigits = 15;
    private const int ExtensionBytes = 256;
    private const int TrailerBytes = 8 * 1024;

    private enum At : byte { Size, Extension, SizeEnd, Data, DataCr, DataLf, LineStart, Line, LineEnd, LastEnd, Done, Bad }

    private readonly List<byte> _trailer = [];
    private At _at;
    private int _digits;
    private int _extension;
    private int _trailers;
    private int _line;
    private long _left;

    /// <summary>True after the last byte of the body, its trailers included.</summary>
    public bool IsDone => _at == At.Done;

    public bool IsBad => _at == At.Bad;

    /// <summary>Payload bytes announced so far; for limits, which must hold before the bytes have come.</summary>
    public long Announced { get; private set; }

    /// <summary>The lines after the last chunk, each with its CRLF; complete once done.</summary>
    public ReadOnlySpan<byte> Trailers => CollectionsMarshal.AsSpan(_trailer);

    public void Clear()
    {
        _at = At.Size;
        _digits = _extension = _trailers = _line = 0;
        _left = Announced = 0;
        _trailer.Clear();
    }

    /// <summary>Reads on until the body's end, an error or the end of <paramref name="bytes"/>; returns how many bytes belong to the body.</summary>
    public int Read(ReadOnlySpan<byte> bytes)
    {
        var read = 0;
        while (read < bytes.Length && !IsDone && !IsBad) read += Read(bytes[read..], out _);
        return read;
    }

    /// <summary>Reads on until after the next piece of payload, which is the last <paramref name="payload"/> of the bytes read.</summary>
    public int Read(ReadOnlySpan<byte> bytes, out int payload)
    {
        payload = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            if (_at == At.Data)
            {
                payload = (int)Math.Min(_left, bytes.Length - i);
                _left -= payload;
                if (_left == 0) _at = At.DataCr;
                return i + payload;
            }
            _at = Step(bytes[i]);
            if (IsDone || IsBad) return i + 1;
        }
        return bytes.Length;
    }

    private At Step(byte next) => _at switch
    {
        At.Size when char.IsAsciiHexDigit((char)next) => Digit(next),
        At.Size when _digits == 0 => At.Bad,
        At.Size or At.Extension when next == '\r' => At.SizeEnd,
        At.Size when next == ';' => At.Extension,
        At.Extension when next is >= 0x20 and not 0x7F or (byte)'\t' && _extension++ < ExtensionBytes => At.Extension,
        At.SizeEnd when next == '\n' => SizeRead(),
        At.DataCr when next == '\r' => At.DataLf,
        At.DataLf when next == '\n' => At.Size,
        At.LineStart when next == '\r' => At.LastEnd,
        At.LineStart or At.Line when next is >= 0x20 and not 0x7F or (byte)'\t' && _trailers++ < TrailerBytes => TrailerByte(next),
        At.Line when next == '\r' => At.LineEnd,
        At.LineEnd when next == '\n' => TrailerRead(),
        At.LastEnd when next == '\n' => At.Done,
        _ => At.Bad,
    };

    private At Digit(byte digit)
    {
        if (_digits++ == SizeDigits) return At.Bad;
        _left = _left << 4 | (uint)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        return At.Size;
    }

    private At SizeRead()
    {
        _digits = _extension = 0;
        Announced += _left;
        return _left == 0 ? At.LineStart : At.Data;
    }

    private At TrailerByte(byte next)
    {
        _trailer.Add(next);
        return At.Line;
    }

    private At TrailerRead()
    {
        var line = Trailers[_line..];
        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || !Grammar.IsToken(line[..colon])) return At.Bad;
        // RFC 9110 §6.5.1: never what a recipient might merge into framing or routing.
        if (FieldIds.Of(line[..colon]) is not (FieldId.Other or FieldId.XRequestId or FieldId.Date)) return At.Bad;
        if (Ascii.EqualsIgnoreCase(line[..colon], "authorization"u8)) return At.Bad;
        _trailer.AddRange("\r\n"u8);
        _line = _trailer.Count;
        return At.LineStart;
    }
}
