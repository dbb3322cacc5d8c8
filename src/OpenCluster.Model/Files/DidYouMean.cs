namespace OpenCluster.Model.Files;

/// <summary>Finds what a person most likely meant by a name that does not exist.</summary>
public static class DidYouMean
{
    /// <summary>The nearest of <paramref name="known"/>, or null when none is near: a third of the letters may be wrong, one always.</summary>
    public static string? Nearest(string wrong, IEnumerable<string> known)
    {
        // Longer than any name we have: the quadratic comparison is not worth it.
        if (wrong.Length > 128)
            return null;

        string? best = null;
        var bestDistance = Math.Max(1, wrong.Length / 3) + 1;
        foreach (var candidate in known)
        {
            var distance = Distance(wrong.ToLowerInvariant(), candidate.ToLowerInvariant());
            if (distance >= bestDistance)
                continue;
            best = candidate;
            bestDistance = distance;
        }
        return best;
    }

    /// <summary><c>Did you mean "x"?</c>, or the choice there is when nothing is near; empty when there is no choice.</summary>
    public static string Hint(string wrong, IEnumerable<string> known)
    {
        var choices = known.Order(StringComparer.Ordinal).ToList();
        if (Nearest(wrong, choices) is { } nearest)
            return $"Did you mean \"{nearest}\"?";
        return choices.Count switch
        {
            0 => "",
            1 => $"There is only \"{choices[0]}\"",
            <= 12 => $"There are {string.Join(", ", choices)}",
            _ => $"There are {string.Join(", ", choices.Take(11))} and {choices.Count - 11} more",
        };
    }

    /// <summary>Edits (insert, delete, replace, swap of neighbours) from one text to the other: optimal string alignment.</summary>
    internal static int Distance(string a, string b)
    {
        var (before, previous, current) = (new int[b.Length + 1], new int[b.Length + 1], new int[b.Length + 1]);
        for (var j = 0; j <= b.Length; j++)
            previous[j] = j;

        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(replace, Math.Min(previous[j], current[j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    current[j] = Math.Min(current[j], before[j - 2] + 1);
            }
            (before, previous, current) = (previous, current, before);
        }
        return previous[b.Length];
    }
}
