namespace OpenCluster.Data.Commands;

/// <summary>Patterns of KEYS, SCAN and PSUBSCRIBE: * ? [a-z] [^a] and \ before a letter that stands for itself.</summary>
internal static class Glob
{
    /// <summary>Whether all of <paramref name="text"/> matches. Its time grows with the product of both lengths at most.</summary>
    public static bool Matches(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> text)
    {
        int p = 0, t = 0, star = -1, retry = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == (byte)'*')
            {
                (star, retry) = (p++, t);
                continue;
            }
            if (p < pattern.Length && One(pattern, ref p, text[t]))
            {
                t++;
                continue;
            }
            if (star < 0) return false;
            // The last * takes one letter more; an earlier one need not be tried again.
            (p, t) = (star + 1, ++retry);
        }
        while (p < pattern.Length && pattern[p] == (byte)'*') p++;
        return p == pattern.Length;
    }

    /// <summary>Whether one letter matches what stands at <paramref name="p"/>, and goes past it when it does.</summary>
    private static bool One(ReadOnlySpan<byte> pattern, ref int p, byte letter)
    {
        var at = p;
        bool matches;
        switch (pattern[at])
        {
            case (byte)'?':
                matches = true;
                at++;
                break;
            case (byte)'[':
                matches = Class(pattern, ref at, letter);
                break;
            case (byte)'\\' when at + 1 < pattern.Length:
                matches = pattern[at + 1] == letter;
                at += 2;
                break;
            default:
                matches = pattern[at++] == letter;
                break;
        }
        if (matches) p = at;
        return matches;
    }

    private static bool Class(ReadOnlySpan<byte> pattern, ref int at, byte letter)
    {
        at++;
        var isNot = at < pattern.Length && pattern[at] == (byte)'^';
        if (isNot) at++;
        var found = false;
        while (at < pattern.Length && pattern[at] != (byte)']')
        {
            if (pattern[at] == (byte)'\\' && at + 1 < pattern.Length)
            {
                found |= pattern[at + 1] == letter;
                at += 2;
            }
            else if (at + 2 < pattern.Length && pattern[at + 1] == (byte)'-')
            {
                var (low, high) = (Math.Min(pattern[at], pattern[at + 2]), Math.Max(pattern[at], pattern[at + 2]));
                found |= letter >= low && letter <= high;
                at += 3;
            }
            else
            {
                found |= pattern[at++] == letter;
            }
        }
        at = Math.Min(at + 1, pattern.Length);
        return found != isNot;
    }
}
