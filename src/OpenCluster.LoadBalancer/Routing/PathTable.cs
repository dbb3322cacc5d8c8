using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Routing;

/// <summary>The path prefixes of one host.</summary>
internal sealed class PathTable
{
    private const int MaxPath = 8 * 1024;
    private readonly Dictionary<string, PathEntry> _prefixes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PathEntry>.AlternateLookup<ReadOnlySpan<char>> _byPrefix;
    private PathEntry? _root;
    private int _longest;

    public PathTable() => _byPrefix = _prefixes.GetAlternateLookup<ReadOnlySpan<char>>();

    private sealed record PathEntry(RouteEntry Route, bool Strip, string[] Except);

    public void Add(RouteMatch match, RouteEntry route)
    {
        var prefix = Normal(match.Path);
        var entry = new PathEntry(route, match.Strip, [.. match.Except.Select(Normal)]);
        if (prefix.Length == 0) _root = entry;
        else _prefixes.Add(prefix, entry);
        _longest = Math.Max(_longest, prefix.Length);
    }

    public RouteHit Find(ReadOnlySpan<byte> path)
    {
        if (_longest == 0 && _root is { Except.Length: 0 } only) return new RouteHit(only.Route, 0);
        if (path.Length > MaxPath) return default;

        Span<char> text = stackalloc char[Math.Min(path.Length, MaxPath)];
        var length = PathText.Decode(path, text);
        var rest = text[..length];
        // Longest first; nothing longer than the longest prefix can match.
        var end = rest.Length;
        while (true)
        {
            if (end <= _longest && end > 0 && _byPrefix.TryGetValue(rest[..end], out var entry) && !IsExcepted(entry, rest))
                return new RouteHit(entry.Route, entry.Strip ? PathText.EncodedLength(path, end) : 0);
            if (end == 0) break;
            end = rest[..end].LastIndexOf('/');
            if (end < 0) end = 0;
        }
        return _root is not null && !IsExcepted(_root, rest) ? new RouteHit(_root.Route, 0) : default;
    }

    private static bool IsExcepted(PathEntry entry, ReadOnlySpan<char> path)
    {
        foreach (var except in entry.Except)
            if (path.StartsWith(except, StringComparison.Ordinal) && (path.Length == except.Length || path[except.Length] == '/')) return true;
        return false;
    }

    /// <summary>Without the slash at the end; the root is empty.</summary>
    private static string Normal(string path) => path.TrimEnd('/');
}
