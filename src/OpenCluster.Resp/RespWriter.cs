using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OpenCluster.Resp;

/// <summary>
/// Writes replies and commands to native memory that it owns and that grows as needed. One thread at a time. It checks no limit:
/// whoever fills it looks at <see cref="Length"/>.
/// </summary>
public sealed unsafe class RespWriter : IDisposable
{
    private const int FirstCapacity = 512;

    /// <summary>Above this the memory is given back once it has been sent; below it is kept for the next reply.</summary>
    private const int KeptCapacity = 32 * 1024;

    private byte* start;
    private int capacity;

    /// <summary>2 or 3: what the peer asked for with HELLO.</summary>
    public int Protocol { get; set; } = 2;

    /// <summary>Bytes written since the last <see cref="Clear"/>.</summary>
    public int Length { get; private set; }

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => new(start, Length);

    public byte* Pointer => start;

    /// <summary>Forgets what was written.</summary>
    public void Clear()
    {
        Length = 0;
        if (capacity > KeptCapacity) Release();
    }

    /// <summary>Forgets what was written after <paramref name="length"/>.</summary>
    public void CutTo(int length) => Length = Math.Min(Length, length);

    /// <summary>Forgets the first <paramref name="count"/> bytes, which were sent.</summary>
    public void Drop(int count)
    {
        if (count == Length)
        {
            Clear();
            return;
        }
        new Span<byte>(start + count, Length - count).CopyTo(new Span<byte>(start, Length - count));
        Length -= count;
    }

    public void Dispose() => Release();

    // Replies

    public void Simple(ReadOnlySpan<byte> text) => Line((byte)'+', text);

    public void Ok() => Raw("+OK\r\n"u8);

    /// <param name="text">Begins with a code in capitals (ERR, WRONGTYPE); line breaks become blanks, for they would end it.</param>
    public void Error(ReadOnlySpan<byte> text)
    {
        var from = Length;
        Line((byte)'-', text);
        var written = new Span<byte>(start + from, Length - from - 2);
        written.Replace((byte)'\n', (byte)' ');
        written.Replace((byte)'\r', (byte)' ');
    }

    public void Error(string text) => Error(System.Text.Encoding.UTF8.GetBytes(text));

    public void Integer(long number) => NumberLine((byte)':', number);

    public void Bulk(ReadOnlySpan<byte> value)
    {
        var room = Room(value.Length + 32);
        var at = Header(room, (byte)'$', value.Length);
        value.CopyTo(new Span<byte>(room + at, value.Length));
        at += value.Length;
        room[at] = (byte)'\r';
        room[at + 1] = (byte)'\n';
        Length += at + 2;
    }

    public void Bulk(string text) => Bulk(System.Text.Encoding.UTF8.GetBytes(text));

    public void BulkInteger(long number)
    {
        Span<byte> digits = stackalloc byte[24];
        Utf8Formatter.TryFormat(number, digits, out var length);
        Bulk(digits[..length]);
    }

    /// <summary>No value: null in RESP3, a bulk string of length -1 in RESP2.</summary>
    public void Null() => Raw(Protocol == 3 ? "_\r\n"u8 : "$-1\r\n"u8);

    /// <summary>No list: null in RESP3, an array of length -1 in RESP2.</summary>
    public void NullArray() => Raw(Protocol == 3 ? "_\r\n"u8 : "*-1\r\n"u8);

    public void Array(int count) => NumberLine((byte)'*', count);

    /// <summary>Announces <paramref name="pairs"/> pairs; in RESP2 an array of twice as many.</summary>
    public void Map(int pairs) => NumberLine(Protocol == 3 ? (byte)'%' : (byte)'*', Protocol == 3 ? pairs : pairs * 2L);

    /// <summary>Announces a set; in RESP2 an array.</summary>
    public void Set(int count) => NumberLine(Protocol == 3 ? (byte)'~' : (byte)'*', count);

    /// <summary>Announces what the peer did not ask for; in RESP2 an array.</summary>
    public void Push(int count) => NumberLine(Protocol == 3 ? (byte)'>' : (byte)'*', count);

    public void Boolean(bool value) => Raw(Protocol == 3 ? (value ? "#t\r\n"u8 : "#f\r\n"u8) : value ? ":1\r\n"u8 : ":0\r\n"u8);

    /// <summary>A double in RESP3, a bulk string of the same digits in RESP2.</summary>
    public void Double(double number)
    {
        Span<byte> digits = stackalloc byte[32];
        var text = digits[..RespNumber.Format(number, digits)];
        if (Protocol == 3) Line((byte)',', text);
        else Bulk(text);
    }

    /// <summary>Text for people: verbatim in RESP3, bulk in RESP2.</summary>
    public void Verbatim(ReadOnlySpan<byte> text)
    {
        if (Protocol == 2)
        {
            Bulk(text);
            return;
        }
        NumberLine((byte)'=', text.Length + 4);
        Raw("txt:"u8);
        Raw(text);
        Raw("\r\n"u8);
    }

    /// <summary>Bytes as they are.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(new Span<byte>(Room(bytes.Length), bytes.Length));
        Length += bytes.Length;
    }

    /// <summary>Writes over four bytes that were written before, little-endian.</summary>
    public void Patch(int offset, int value) => Unsafe.WriteUnaligned(start + offset, value);

    private void Line(byte marker, ReadOnlySpan<byte> text)
    {
        var room = Room(text.Length + 3);
        room[0] = marker;
        text.CopyTo(new Span<byte>(room + 1, text.Length));
        room[text.Length + 1] = (byte)'\r';
        room[text.Length + 2] = (byte)'\n';
        Length += text.Length + 3;
    }

    private void NumberLine(byte marker, long number) => Length += Header(Room(32), marker, number);

    private static int Header(byte* room, byte marker, long number)
    {
        room[0] = marker;
        int digits;
        if ((ulong)number < 10)
        {
            room[1] = (byte)('0' + number);
            digits = 1;
        }
        else if ((ulong)number < 100)
        {
            room[1] = (byte)('0' + number / 10);
            room[2] = (byte)('0' + number % 10);
            digits = 2;
        }
        else
        {
            Utf8Formatter.TryFormat(number, new Span<byte>(room + 1, 24), out digits);
        }
        room[digits + 1] = (byte)'\r';
        room[digits + 2] = (byte)'\n';
        return digits + 3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Room(int bytes)
    {
        if (capacity - Length < bytes) Grow(bytes);
        return start + Length;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int bytes)
    {
        var wanted = Math.Max(Math.Max(FirstCapacity, capacity * 2L), (long)Length + bytes);
        if (wanted > int.MaxValue) wanted = Math.Max(int.MaxValue, (long)Length + bytes);
        if (wanted > int.MaxValue) throw new InvalidOperationException("A reply of more than 2 GiB was asked for.");
        start = (byte*)NativeMemory.Realloc(start, (nuint)wanted);
        capacity = (int)wanted;
    }

    private void Release()
    {
        NativeMemory.Free(start);
        start = null;
        capacity = Length = 0;
    }
}
