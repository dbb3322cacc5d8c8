namespace OpenCluster.Decisions.Routing;

/// <summary>The path prefixes of one host, each with the matches declared for it, the more demanding ones first.</summary>
internal sealed class PathTable<T> where T : class
{
    private const int MaxPath = 8 * 1024;
    private readonly Dictionary<string, Entry[]> _prefixes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Entry[]>.AlternateLookup<ReadOnlySpan<char>> _byPrefix;
    private Entry[] _root = [];
    private int _longest;

    public PathTable() => _byPrefix = _prefixes.GetAlternateLookup<ReadOnlySpan<char>>();

    private sealed record Entry(T Route, RouteMatcher Matcher);

    public void Add(RouteMatcher matcher, T route)
    {
        var prefix = PathText.Prefix(matcher.Match.Path);
        Entry[] there = [.. prefix.Length == 0 ? _root : _prefixes.GetValueOrDefault(prefix, []), new Entry(route, matcher)];
        // Stable, so that of two that ask for as much the one declared first wins.
        there = [.. there.OrderByDescending(e => e.Matcher.Demands)];
        if (prefix.Length == 0) _root = there;
        else _prefixes[prefix] = there;
        _longest = Math.Max(_longest, prefix.Length);
    }

    public RouteHit<T> Find<TFields>(ReadOnlySpan<byte> path, ReadOnlySpan<byte> method, scoped in TFields fields) where TFields : IRequestFields, allows ref struct
    {
        if (_longest == 0 && _root is [{ Matcher.TakesAll: true } only]) return new RouteHit<T>(only.Route, only.Matcher, 0, 1);
        if (path.Length > MaxPath) return default;

        Span<char> text = stackalloc char[Math.Min(path.Length, MaxPath)];
        var whole = text[..PathText.Decode(path, text)];
        var steps = 1;
        // Longest first; nothing longer than the longest prefix can match.
        for (var end = whole.Length; end > 0; end = Math.Max(0, whole[..end].LastIndexOf('/')))
        {
            if (end > _longest) continue;
            steps++;
            if (_byPrefix.TryGetValue(whole[..end], out var there) && Take(there, whole, method, fields) is { } taken)
                return new RouteHit<T>(taken.Route, taken.Matcher, end, steps);
        }
        return Take(_root, whole, method, fields) is { } root ? new RouteHit<T>(root.Route, root.Matcher, 0, steps) : new RouteHit<T>(null, null, 0, steps);
    }

    private static Entry? Take<TFields>(Entry[] entries, ReadOnlySpan<char> path, ReadOnlySpan<byte> method, scoped in TFields fields) where TFields : IRequestFields, allows ref struct
    {
        foreach (var entry in entries)
            if (entry.Matcher.Takes(path, method, fields)) return entry;
        return null;
    }
}
