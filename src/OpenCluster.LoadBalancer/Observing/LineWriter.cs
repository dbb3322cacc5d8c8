using System.Buffers;
using System.Buffers.Text;

namespace OpenCluster.LoadBalancer.Observing;

/// <summary>Writes JSON text into a span that is known to be large enough.</summary>
internal ref struct LineWriter(Span<byte> line)
{
    /// <summary>Printable ASCII that JSON takes as it is.</summary>
    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        [.. Enumerable.Range(0x20, 0x5F).Where(c => c is not ('"' or '\\')).Select(c => (byte)c)]);

    private readonly Span<byte> _line = line;

    public int Length { get; private set; }

    public void Raw(ReadOnlySpan<byte> text)
    {
        text.CopyTo(_line[Length..]);
        Length += text.Length;
    }

    public void Number(long number)
    {
        Utf8Formatter.TryFormat(number, _line[Length..], out var written);
        Length += written;
    }

    public void Hex(ulong number)
    {
        Utf8Formatter.TryFormat(number, _line[Length..], out var written, new StandardFormat('x', 16));
        Length += written;
    }

    /// <summary>A text of our own; what is not plain becomes <c>?</c>, what is too long is cut.</summary>
    public void Ascii(string text)
    {
        var length = Math.Min(text.Length, 256);
        for (var i = 0; i < length; i++)
            _line[Length + i] = text[i] is >= ' ' and <= '~' and not ('"' or '\\') ? (byte)text[i] : (byte)'?';
        Length += length;
    }

    /// <summary>A text from outside, cut to <paramref name="most"/> bytes; what JSON does not take is escaped.</summary>
    public void Text(ReadOnlySpan<byte> text, int most) => Text(text, most, "\\u00"u8);

    /// <param name="escape">What stands before the two digits of a byte that may not stand there itself.</param>
    public void Text(ReadOnlySpan<byte> text, int most, ReadOnlySpan<byte> escape)
    {
        if (text.Length > most) text = text[..most];
        if (!text.ContainsAnyExcept(Plain))
        {
            Raw(text);
            return;
        }
        foreach (var next in text)
        {
            if (Plain.Contains(next))
            {
                _line[Length++] = next;
            }
            else
            {
                Raw(escape);
                Utf8Formatter.TryFormat(next, _line[Length..], out _, new StandardFormat('x', 2));
                Length += 2;
            }
        }
    }
}
