using System.Text;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Routing;

/// <summary>A route found for a request.</summary>
/// <param name="PrefixLength">Characters of the decoded path that the match's prefix took, see <see cref="PathText.EncodedLength"/>.</param>
/// <param name="Steps">Look-ups it took: a bound on the cost that does not depend on the machine.</param>
public readonly record struct RouteHit<T>(T? Route, RouteMatcher? Matcher, int PrefixLength, int Steps) where T : class;

/// <summary>
/// Finds the route of a request: exact host, then <c>*.parent</c>, then <c>*</c>; within a host the longest path prefix that ends on a segment
/// boundary, and there what asks for methods or headers first. Only hash look-ups, as many as the path has segments at most, so ten thousand
/// routes cost no more than ten; only matches of one and the same host and path are tried one after the other.
/// A host that has nothing for the request falls through to the next, less exact one.
/// </summary>
public sealed class RouteTable<T> where T : class
{
    /// <summary>Matches for one host and path, told apart by method and header. They are tried in turn, so there is a bound.</summary>
    public const int MostAtOnePlace = 100;

    private const int MaxHost = 255;
    private readonly Dictionary<string, PathTable<T>> _hosts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PathTable<T>>.AlternateLookup<ReadOnlySpan<char>> _byHost;
    private readonly PathTable<T>? _any;
    private readonly bool _hasWildcards;

    public RouteTable(IEnumerable<(RouteMatch Match, T Route)> matches)
    {
        foreach (var (match, route) in matches)
        {
            var host = match.Host.ToLowerInvariant();
            if (!_hosts.TryGetValue(host, out var paths)) _hosts.Add(host, paths = new PathTable<T>());
            paths.Add(new RouteMatcher(match), route);
            _hasWildcards |= host.StartsWith("*.", StringComparison.Ordinal);
        }
        _byHost = _hosts.GetAlternateLookup<ReadOnlySpan<char>>();
        _hosts.TryGetValue("*", out _any);
    }

    public static RouteTable<T> Empty { get; } = new([]);

    /// <param name="host">As sent: any case, with or without a port.</param>
    /// <param name="path">As sent, percent-encoded.</param>
    public RouteHit<T> Find<TFields>(ReadOnlySpan<byte> host, ReadOnlySpan<byte> path, ReadOnlySpan<byte> method, scoped in TFields fields) where TFields : IRequestFields, allows ref struct
    {
        Span<char> name = stackalloc char[MaxHost];
        var length = HostName(host, name);
        var steps = 0;
        if (length > 0)
        {
            if (_byHost.TryGetValue(name[..length], out var exact) && Found(exact.Find(path, method, fields), ref steps, out var hit)) return hit;
            if (_hasWildcards && Parent(name[..length]) is { } parent && Found(parent.Find(path, method, fields), ref steps, out hit)) return hit;
        }
        if (_any is null) return new RouteHit<T>(null, null, 0, steps);
        Found(_any.Find(path, method, fields), ref steps, out var last);
        return last;
    }

    private static bool Found(RouteHit<T> found, ref int steps, out RouteHit<T> hit)
    {
        steps += found.Steps;
        hit = found with { Steps = steps };
        return found.Route is not null;
    }

    /// <summary><c>*.example.org</c> stands for one label: <c>a.example.org</c>, not <c>a.b.example.org</c>.</summary>
    private PathTable<T>? Parent(Span<char> name)
    {
        var dot = name.IndexOf('.');
        if (dot <= 0) return null;
        name[dot - 1] = '*';
        return _byHost.TryGetValue(name[(dot - 1)..], out var paths) ? paths : null;
    }

    /// <summary>Lower case, without port and without the dot that may end a full name.</summary>
    private static int HostName(ReadOnlySpan<byte> host, Span<char> name)
    {
        var end = !host.IsEmpty && host[0] == '[' ? host.IndexOf((byte)']') + 1 : host.IndexOf((byte)':');
        if (end > 0) host = host[..end];
        if (!host.IsEmpty && host[^1] == '.') host = host[..^1];
        return Ascii.ToLower(host, name, out var written) == System.Buffers.OperationStatus.Done ? written : 0;
    }
}
