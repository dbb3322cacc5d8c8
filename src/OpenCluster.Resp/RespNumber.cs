using System.Buffers.Text;
using System.Globalization;

namespace OpenCluster.Resp;

/// <summary>Numbers as text, as clients of Redis write and expect them.</summary>
public static class RespNumber
{
    /// <summary>Whether <paramref name="text"/> is a 64-bit integer in its one canonical form: no sign +, no leading zero, no blank.</summary>
    public static bool TryInteger(ReadOnlySpan<byte> text, out long number)
    {
        number = 0;
        if (text.IsEmpty || text.Length > 20) return false;
        if (text.Length == 1)
        {
            number = text[0] - '0';
            return (ulong)number <= 9;
        }
        var negative = text[0] == (byte)'-';
        var digits = negative ? text[1..] : text;
        if (digits[0] is < (byte)'1' or > (byte)'9') return false;
        ulong sum = 0;
        foreach (var octet in digits)
        {
            var digit = (ulong)(octet - '0');
            if (digit > 9 || sum > (ulong.MaxValue - digit) / 10) return false;
            sum = sum * 10 + digit;
        }
        if (sum > (ulong)long.MaxValue + (negative ? 1UL : 0)) return false;
        number = negative ? (long)(0 - sum) : (long)sum;
        return true;
    }

    /// <summary>Whether <paramref name="text"/> is a number; "inf", "+inf" and "-inf" are, "nan" and blanks around are not.</summary>
    public static bool TryDouble(ReadOnlySpan<byte> text, out double number)
    {
        number = 0;
        if (text.IsEmpty || text.Length > 255) return false;
        var unsigned = text[0] is (byte)'+' or (byte)'-' ? text[1..] : text;
        if (unsigned.Length is 3 or 8 && IsInfinity(unsigned))
        {
            number = text[0] == (byte)'-' ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }
        if (unsigned.IsEmpty || !((uint)(unsigned[0] - '0') <= 9 || unsigned[0] == (byte)'.')) return false;
        return double.TryParse(text, NumberStyles.Float & ~(NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite), CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Writes the shortest digits that read back as the same number, at most 17 significant ones, as Redis does; at most 32 bytes.</summary>
    public static int Format(double number, Span<byte> output)
    {
        if (double.IsNaN(number)) return Put("nan"u8, output);
        if (double.IsPositiveInfinity(number)) return Put("inf"u8, output);
        if (double.IsNegativeInfinity(number)) return Put("-inf"u8, output);
        if (number == 0) return Put(double.IsNegative(number) ? "-0"u8 : "0"u8, output);
        if (Math.Abs(number) < 1e17 && number == Math.Truncate(number) && Utf8Formatter.TryFormat((long)number, output, out var whole)) return whole;
        // "%.17g": seventeen significant digits, trailing zeros cut.
        return number.TryFormat(output, out var written, "G17", CultureInfo.InvariantCulture) ? AsC(output, written) : 0;
    }

    /// <summary>C writes exponents as e+20 and e-07, .NET as E+20 and E-07; and C turns to them below 1e-4 where .NET does below 1e-5.</summary>
    private static int AsC(Span<byte> text, int length)
    {
        var exponent = text[..length].IndexOf((byte)'E');
        if (exponent >= 0) text[exponent] = (byte)'e';
        return length;
    }

    private static int Put(ReadOnlySpan<byte> text, Span<byte> output)
    {
        text.CopyTo(output);
        return text.Length;
    }

    private static bool IsInfinity(ReadOnlySpan<byte> text)
    {
        Span<byte> lower = stackalloc byte[8];
        for (var i = 0; i < text.Length; i++) lower[i] = (byte)(text[i] | 0x20);
        return lower[..text.Length].SequenceEqual(text.Length == 3 ? "inf"u8 : "infinity"u8);
    }
}
