using System.Globalization;
using System.Numerics;
using System.Text;
using OpenCluster.Resp;

namespace OpenCluster.Data.Commands;

/// <summary>
/// Numbers with a fraction as INCRBYFLOAT and HINCRBYFLOAT reckon with them: the 80-bit format of x87 (64 bits of precision), which
/// Redis uses there, so that both give the same digits. Reckoned exactly and rounded once, to even.
/// </summary>
internal readonly record struct LongDouble(BigInteger Mantissa, int Exponent, bool IsInfinite = false)
{
    /// <summary>The longest text that <see cref="Format"/> writes.</summary>
    public const int MaxText = MaxExponent + 32;

    /// <summary>The power of ten that is too much.</summary>
    private const int MaxExponent = 4932;

    private const int Precision = 64;

    /// <summary>Digits after the point that are shown; zeros at the end are not.</summary>
    private const int Decimals = 17;
    private static readonly BigInteger Shown = BigInteger.Pow(10, Decimals);

    /// <summary>Whether <paramref name="text"/> is a number that the format can hold, or infinite.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out LongDouble number)
    {
        number = default;
        if (!RespNumber.TryDouble(text, out var rough)) return false;
        if (text.IndexOfAny("nN"u8) >= 0)
        {
            number = new LongDouble(0, 0, IsInfinite: true);
            return true;
        }
        var exponentAt = text.IndexOfAny("eE"u8);
        var exponent = 0;
        if (exponentAt >= 0 && !int.TryParse(text[(exponentAt + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)) return false;
        var digits = exponentAt < 0 ? text : text[..exponentAt];
        var point = digits.IndexOf((byte)'.');
        if (point >= 0) exponent -= digits.Length - point - 1;
        var whole = BigInteger.Parse(Encoding.ASCII.GetString(digits).Replace(".", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        // The power of ten would be as large as the sender likes, and of what is as small as this nothing would be shown.
        if (exponent > MaxExponent) return false;
        if (rough == 0) whole = 0;
        number = whole.IsZero ? default
            : exponent >= 0 ? Round(whole * BigInteger.Pow(10, exponent), 0, isInexact: false)
            : Divide(whole, BigInteger.Pow(10, -exponent));
        return true;
    }

    /// <summary>The sum; null when it is too large.</summary>
    public static LongDouble? Add(LongDouble a, LongDouble b)
    {
        if (a.IsInfinite || b.IsInfinite) return null;
        var exponent = Math.Min(a.Exponent, b.Exponent);
        var sum = Round((a.Mantissa << a.Exponent - exponent) + (b.Mantissa << b.Exponent - exponent), exponent, isInexact: false);
        return (long)sum.Mantissa.GetBitLength() + sum.Exponent > 16384 ? null : sum;
    }

    /// <summary>Writes it without an exponent; at most <see cref="MaxText"/> bytes.</summary>
    public static int Format(LongDouble number, Span<byte> output)
    {
        var scaled = BigInteger.Abs(number.Mantissa) * Shown;
        if (number.Exponent >= 0) scaled <<= number.Exponent;
        else scaled = ShiftRight(scaled, -number.Exponent, isInexact: false);
        var whole = BigInteger.DivRem(scaled, Shown, out var fraction);
        var text = whole.ToString(CultureInfo.InvariantCulture);
        if (!fraction.IsZero) text += "." + fraction.ToString(CultureInfo.InvariantCulture).PadLeft(Decimals, '0').TrimEnd('0');
        if (number.Mantissa.Sign < 0 && !scaled.IsZero) text = "-" + text;
        return Encoding.ASCII.GetBytes(text, output);
    }

    private static LongDouble Divide(BigInteger numerator, BigInteger denominator)
    {
        // Two bits more than are kept, and whether anything is left below them, is all that rounding has to know.
        var shift = Math.Max(0, Precision + 2 + (int)(denominator.GetBitLength() - BigInteger.Abs(numerator).GetBitLength()));
        var quotient = BigInteger.DivRem(numerator << shift, denominator, out var rest);
        return Round(quotient, -shift, isInexact: !rest.IsZero);
    }

    private static LongDouble Round(BigInteger value, int exponent, bool isInexact)
    {
        var excess = (int)BigInteger.Abs(value).GetBitLength() - Precision;
        if (excess <= 0) return value.IsZero ? default : new LongDouble(value, exponent);
        var rounded = ShiftRight(BigInteger.Abs(value), excess, isInexact);
        return new LongDouble(value.Sign * rounded, exponent + excess);
    }

    /// <summary>Divides by a power of two, halves to even; <paramref name="isInexact"/>: there was more below already.</summary>
    private static BigInteger ShiftRight(BigInteger value, int bits, bool isInexact)
    {
        var result = value >> bits;
        var rest = value - (result << bits);
        var half = BigInteger.One << bits - 1;
        var order = rest.CompareTo(half);
        return order > 0 || (order == 0 && (isInexact || !result.IsEven)) ? result + 1 : result;
    }
}
