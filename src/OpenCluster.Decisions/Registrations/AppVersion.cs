using System.Collections.Immutable;
using System.Globalization;

namespace OpenCluster.Decisions.Registrations;

/// <summary>
/// Which of two versions that apps say of themselves is newer: as Semantic Versioning 2.0.0 §11 has it, for anything that looks like a version.
/// <c>1.10.0</c> is newer than <c>1.9.3</c> and than <c>1.10.0-rc.1</c>; a <c>v</c> in front and what follows a <c>+</c> mean nothing; no version at
/// all is the oldest.
/// </summary>
public static class AppVersion
{
    public static int Compare(string a, string b)
    {
        var ((coreA, previewA), (coreB, previewB)) = (Parts(a), Parts(b));
        var order = Pieces(coreA, coreB, lacking: "0");
        if (order != 0 || previewA is null && previewB is null) return order;
        // What comes before a version is older than it.
        if (previewA is null || previewB is null) return previewA is null ? 1 : -1;
        return Pieces(previewA, previewB, lacking: null);
    }

    /// <summary>
    /// A number for each version, greater for a newer one, the same for the same. Whole numbers stand for themselves, so that they can be compared
    /// with those of deployed releases; all others are counted from 1.
    /// </summary>
    public static ImmutableDictionary<string, int> Numbers(IEnumerable<string> versions)
    {
        var all = versions.Distinct(StringComparer.Ordinal).ToList();
        if (all.TrueForAll(v => v.Length == 0 || Whole(v) is not null)) return all.ToImmutableDictionary(v => v, v => Whole(v) ?? 0, StringComparer.Ordinal);
        all.Sort(Compare);
        var numbers = ImmutableDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
        var number = all[0].Length == 0 ? 0 : 1;
        for (var i = 0; i < all.Count; i++)
        {
            if (i > 0 && Compare(all[i - 1], all[i]) != 0) number++;
            numbers[all[i]] = number;
        }
        return numbers.ToImmutable();
    }

    private static int? Whole(string version) => int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static (string[] Core, string[]? Preview) Parts(string version)
    {
        if (version.Length == 0) return ([""], null);
        var plain = version.Split('+')[0];
        if (plain.Length > 1 && plain[0] is 'v' or 'V' && char.IsAsciiDigit(plain[1])) plain = plain[1..];
        var dash = plain.IndexOf('-', StringComparison.Ordinal);
        return dash < 0 ? (plain.Split('.'), null) : (plain[..dash].Split('.'), plain[(dash + 1)..].Split('.'));
    }

    /// <param name="lacking">What stands for a piece that only the other has; null when the shorter one is older.</param>
    private static int Pieces(string[] a, string[] b, string? lacking)
    {
        for (var i = 0; i < Math.Max(a.Length, b.Length); i++)
        {
            var (one, other) = (i < a.Length ? a[i] : lacking, i < b.Length ? b[i] : lacking);
            if (one is null || other is null) return one is null ? -1 : 1;
            if (Piece(one, other) is var order and not 0) return order;
        }
        return 0;
    }

    /// <summary>Numbers by their value, and before words; words by their letters. An empty piece, which a version without anything has, comes first.</summary>
    private static int Piece(string a, string b)
    {
        var (isA, isB) = (IsNumber(a), IsNumber(b));
        if (isA != isB) return a.Length == 0 ? -1 : b.Length == 0 ? 1 : isA ? -1 : 1;
        if (!isA) return Math.Sign(string.CompareOrdinal(a, b));
        // Of any length: no number is too long for its digits to be counted.
        var (digitsA, digitsB) = (a.TrimStart('0'), b.TrimStart('0'));
        return digitsA.Length != digitsB.Length ? digitsA.Length.CompareTo(digitsB.Length) : Math.Sign(string.CompareOrdinal(digitsA, digitsB));
    }

    private static bool IsNumber(string piece) => piece.Length > 0 && piece.All(char.IsAsciiDigit);
}
