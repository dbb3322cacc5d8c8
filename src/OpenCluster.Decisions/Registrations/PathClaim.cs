using System.Buffers;
using System.Collections.Immutable;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Registrations;

/// <summary>
/// What two apps can be at odds over: a path of a limited dynamic route (under all its names), or a path of a site that a dynamic route lets
/// apps choose.
/// </summary>
/// <param name="Host">Empty for the sites of the route itself.</param>
/// <param name="Path">Without a slash at the end.</param>
public readonly record struct PathClaim(string Route, string Host, string Path)
{
    /// <summary>Characters of a path that mean themselves in every spelling (RFC 3986 §3.3, without percent-encoding).</summary>
    private static readonly SearchValues<char> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@/");

    public const int LongestPath = 1024;

    /// <summary>Sites that routes let apps choose are one space, whichever route lets them.</summary>
    public static IEnumerable<PathClaim> Of(Registration registration) => registration.Hosts.IsEmpty
        ? registration.Paths.Select(p => new PathClaim(registration.Route, "", p))
        : registration.Hosts.SelectMany(h => registration.Paths.Select(p => new PathClaim("", h, p)));

    /// <summary>Why a path cannot be claimed; null when it can. Stricter than requests: one spelling per path, so that no trick makes two of one.</summary>
    public static string? Wrong(string path)
    {
        if (path.Length is 0 or > LongestPath || path[0] != '/') return $"must begin with a slash and have at most {LongestPath} characters";
        if (path.AsSpan().ContainsAnyExcept(Plain)) return "may hold only letters, digits and - . _ ~ ! $ & ' ( ) * + , = : @ /, nothing percent-encoded";
        if (path.Contains("//", StringComparison.Ordinal)) return "has an empty segment";
        return path.Split('/').Any(s => s is "." or "..") ? "has a segment that is . or .." : null;
    }

    /// <summary>The path as it is compared: without the slash at its end.</summary>
    public static string Normal(string path) => path.TrimEnd('/');

    /// <summary>Where the claim is met in the route's own space: each of its names, with the path below it.</summary>
    public static IEnumerable<RouteMatch> Below(ImmutableArray<RouteMatch> site, string path, bool strip) =>
        from match in site
        let prefix = Normal(match.Path)
        let whole = prefix + path
        select match with
        {
            Path = whole.Length == 0 ? "/" : whole,
            Except = [.. match.Except.Where(e => IsWithin(Normal(e), whole))],
            Strip = strip,
            // What the route takes off or replaces is its own part of the path; the app's part stays.
            Rewrite = strip || !(match.Strip || match.Rewrite.Length > 0) ? "" : Normal(match.Rewrite) + path,
        };

    /// <summary>Whether a path is a prefix itself or below it.</summary>
    public static bool IsWithin(string path, string prefix) =>
        path.StartsWith(prefix, StringComparison.Ordinal) && (path.Length == prefix.Length || path[prefix.Length] == '/');

    public override string ToString() => $"{Host}{(Path.Length == 0 ? "/" : Path)}";
}
