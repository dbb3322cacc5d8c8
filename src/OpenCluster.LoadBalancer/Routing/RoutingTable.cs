using System.Text;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Routing;

/// <summary>
/// Finds the route of a request: exact host, then <c>*.parent</c>, then <c>*</c>; within a host the longest path prefix that ends on a segment
/// boundary. Only hash look-ups, as many as the path has segments at most, so ten thousand routes cost no more than ten.
/// A host that has no prefix for the path falls through to the next, less exact one.
/// </summary>
internal sealed class RoutingTable
{
    private const int MaxHost = 255;
    private readonly Dictionary<string, PathTable> _hosts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PathTable>.AlternateLookup<ReadOnlySpan<char>> _byHost;
    private readonly PathTable? _any;
    private readonly bool _hasWildcards;

    public RoutingTable(IEnumerable<(RouteMatch Match, RouteEntry Route)> matches)
    {
        foreach (var (match, route) in matches)
        {
            var host = match.Host.ToLowerInvariant();
            if (!_hosts.TryGetValue(host, out var paths)) _hosts.Add(host, paths = new PathTable());
            paths.Add(match, route);
            _hasWildcards |= host.StartsWith("*.", StringComparison.Ordinal);
        }
        _byHost = _hosts.GetAlternateLookup<ReadOnlySpan<char>>();
        _hosts.TryGetValue("*", out _any);
    }

    public static RoutingTable Empty { get; } = new([]);

    /// <param name="host">As sent: any case, with or without a port.</param>
    /// <param name="path">As sent, percent-encoded.</param>
    public RouteHit Find(ReadOnlySpan<byte> host, ReadOnlySpan<byte> path)
    {
        Span<char> name = stackalloc char[MaxHost];
        var length = HostName(host, name);
        if (length > 0)
        {
            if (_byHost.TryGetValue(name[..length], out var exact) && exact.Find(path) is { Route: not null } hit) return hit;
            if (_hasWildcards && FindWildcard(name[..length], path) is { Route: not null } below) return below;
        }
        return _any is null ? default : _any.Find(path);
    }

    /// <summary><c>*.example.org</c> stands for one label: <c>a.example.org</c>, not <c>a.b.example.org</c>.</summary>
    private RouteHit FindWildcard(Span<char> name, ReadOnlySpan<byte> path)
    {
        var dot = name.IndexOf('.');
        if (dot <= 0) return default;
        name[dot - 1] = '*';
        return _byHost.TryGetValue(name[(dot - 1)..], out var paths) ? paths.Find(path) : default;
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
