using System.Collections.Immutable;

namespace OpenCluster.Model.Nouns;

/// <summary>Who may add targets to a route.</summary>
public enum RouteKind
{
    /// <summary>The controller alone.</summary>
    Static,
    /// <summary>Apps too, with the route's token and key, for any site and path that its matches cover. It answers to nothing by itself.</summary>
    Dynamic,
    /// <summary>Apps too, with the route's token, for its own paths and those below them. The preferred one.</summary>
    LimitedDynamic,
}

/// <summary>
/// Where requests for hosts and paths go, or the connections of a listener. The longest path wins, then what names methods or headers; exceptions take part of a path out.
/// It leads to a service, or to another address (<see cref="Redirect"/>).
/// </summary>
public sealed record Route : INamed
{
    public string Id { get; init; } = "";
    public required string Name { get; init; }
    public string? RenamedFrom { get; init; }
    /// <summary>Load-balancers that serve it; empty for all.</summary>
    public ImmutableArray<string> LoadBalancers { get; init; } = [];
    public RouteKind Kind { get; init; }
    /// <summary>Networks (CIDR) whose addresses apps may register; empty: an app may register only the address it asks from.</summary>
    public ImmutableArray<string> RegisterFrom { get; init; } = [];
    /// <summary>What it answers to. Several are one route for the app. Empty for a route of TCP or UDP.</summary>
    public required ImmutableArray<RouteMatch> Matches { get; init; }
    /// <summary>The <c>tcp</c>, <c>udp</c> and <c>tls</c> listeners it serves; empty for a route of HTTP, which all its listeners serve.</summary>
    public ImmutableArray<string> ListenerNames { get; init => field = value.IsDefault ? [] : value; } = [];
    /// <summary>The service and zone that serve it. No service, an empty name, only where apps register and for a route that redirects.</summary>
    public required string Service { get; init; }
    public string Zone { get; init; } = "default";
    /// <summary>Name of the service's port; empty for the main one.</summary>
    public string Port { get; init; } = "";
    /// <summary>Where its clients are sent instead of a service.</summary>
    public Redirect? Redirect { get; init; }
    public RouteRules Rules { get; init; } = new();
}

/// <summary>One host and path prefix. Host <c>*</c> is any, <c>*.example.org</c> any one label below. Except: prefixes taken out.</summary>
public sealed record RouteMatch(string Host, string Path = "/")
{
    public ImmutableArray<string> Except { get; init => field = value.IsDefault ? [] : value; } = [];
    /// <summary>Remove the path prefix before forwarding: <c>joebarry.com/api/x</c> reaches the app as <c>/x</c>.</summary>
    public bool Strip { get; init; }
    /// <summary>Put this in place of the path prefix before forwarding: <c>/v2</c>. Empty: nothing is replaced.</summary>
    public string Rewrite { get; init => field = value ?? ""; } = "";
    /// <summary>Only these methods, upper case; empty for all. A request with another one goes to the next best match.</summary>
    public ImmutableArray<string> Methods { get; init => field = value.IsDefault ? [] : value; } = [];
    /// <summary>Only requests with all of these headers.</summary>
    public ImmutableArray<HeaderMatch> Headers { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Host, path, methods and headers in one text: no two matches of a balancer may have the same.</summary>
    public string Place() => string.Join(' ',
        [
            Host.ToLowerInvariant() + Path.TrimEnd('/'),
            .. Methods.Order(StringComparer.Ordinal),
            .. Headers.Select(h => $"{h.Name.ToLowerInvariant()}: {h.Value}").Order(StringComparer.Ordinal),
        ]);
}

/// <summary>A header that a request must have. Names ignore case, values do not.</summary>
/// <param name="Value">Exactly this; null for any value.</param>
public sealed record HeaderMatch(string Name, string? Value = null);

/// <summary>Where clients are sent instead.</summary>
/// <param name="To">
/// <c>https://www.example.org</c> or a path of the same host. What follows the match's path, and the query, are appended unless
/// <paramref name="Exactly"/>.
/// </param>
/// <param name="Status">301, 302, 303, 307 or 308. Default 308: for good, and a POST stays a POST.</param>
public sealed record Redirect(string To, int Status = 308, bool Exactly = false);
