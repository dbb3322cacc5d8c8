using OpenCluster.Data.Execution;

namespace OpenCluster.Data.Commands;

/// <summary>The letters of <c>notify-keyspace-events</c>.</summary>
internal static class EventLetters
{
    private static readonly (char Letter, EventKind Kind)[] Letters =
    [
        ('A', EventKind.All), ('g', EventKind.Generic), ('$', EventKind.String), ('l', EventKind.List), ('s', EventKind.Set), ('h', EventKind.Hash),
        ('z', EventKind.SortedSet), ('x', EventKind.Expired), ('e', EventKind.Evicted),
        ('K', EventKind.ByKey), ('E', EventKind.ByEvent),
    ];

    /// <summary>Null when a letter is not known.</summary>
    public static EventKind? Parse(string letters)
    {
        var kinds = EventKind.None;
        foreach (var letter in letters)
        {
            var known = Letters.FirstOrDefault(l => l.Letter == letter);
            if (known.Letter == 0) return null;
            kinds |= known.Kind;
        }
        return kinds;
    }

    public static string Of(EventKind kinds)
    {
        var all = kinds.HasFlag(EventKind.All);
        return string.Concat(Letters.Where(l => kinds.HasFlag(l.Kind) && (l.Letter == 'A' || !all || !EventKind.All.HasFlag(l.Kind))).Select(l => l.Letter));
    }
}
