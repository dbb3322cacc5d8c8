using System.Collections.Immutable;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Registrations;

/// <summary>What the routes of the file leave to apps: nobody takes from a route what its owner gave to it.</summary>
public static class SiteRules
{
    /// <summary>Why the route does not leave this claim to apps; null when it does.</summary>
    public static RegistrationProblem? Refusal(ImmutableArray<Site> sites, Site own, PathClaim claim) => own.Kind switch
    {
        RouteKind.Static => RegistrationProblem.Forbidden("route-static", $"Route \"{own.Name}\" takes no registrations.", "Make it kind: limited-dynamic in the cluster file."),
        RouteKind.LimitedDynamic => LimitedRefusal(sites, own, claim),
        _ => DynamicRefusal(sites, own, claim),
    };

    /// <summary>Under each name of the route, the request for the claimed path must be the route's own by the file.</summary>
    private static RegistrationProblem? LimitedRefusal(ImmutableArray<Site> sites, Site own, PathClaim claim)
    {
        if (claim.Host.Length > 0)
            return RegistrationProblem.Invalid("hosts", $"Route \"{own.Name}\" is limited: its sites are its own.", "Leave \"hosts\" out; the paths are registered under all its names.");
        foreach (var match in own.Matches)
        {
            var path = PathClaim.Normal(match.Path) + claim.Path;
            if (match.Except.Any(e => PathClaim.IsWithin(path, PathClaim.Normal(e))))
                return RegistrationProblem.Forbidden("path-excepted", $"{match.Host}{path} is taken out of route \"{own.Name}\".", "Register another path.");
            if (OwnerOf(sites, match.Host, path) is { } owner && owner.Route != own.Route)
                return RegistrationProblem.Forbidden("path-static", $"{match.Host}{path} belongs to route \"{owner.Name}\".", "Register a path that no other route has.");
        }
        return null;
    }

    private static RegistrationProblem? DynamicRefusal(ImmutableArray<Site> sites, Site own, PathClaim claim)
    {
        if (claim.Host.Length == 0)
            return RegistrationProblem.Invalid("hosts", $"Route \"{own.Name}\" is dynamic: it has no site of its own.", "Say which: \"hosts\": [\"shop.example.org\"].");
        if (!own.Matches.Any(m => Covers(m, claim)))
            return RegistrationProblem.Forbidden("site-not-covered", $"Route \"{own.Name}\" does not cover {claim}.", $"It covers {string.Join(", ", own.Matches.Select(m => m.Host + m.Path))}.");
        // Only a catch-all yields: it is what is served when nobody else is there.
        return OwnerOf(sites, claim.Host, claim.Path, catchAll: false) is { } owner
            ? RegistrationProblem.Forbidden("path-static", $"{claim} belongs to route \"{owner.Name}\".", "Register a site or path that no route of the file has.")
            : null;
    }

    /// <summary>The route of the file that requests for this go to, by the rules of routing: exact host, wildcard, any; longest path.</summary>
    private static Site? OwnerOf(ImmutableArray<Site> sites, string host, string path, bool catchAll = true)
    {
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        var hosts = new List<string> { host };
        if (dot > 0) hosts.Add("*" + host[dot..]);
        if (catchAll) hosts.Add("*");
        foreach (var name in hosts)
        {
            var best = (Length: -1, Site: default(Site));
            foreach (var site in sites)
            {
                if (site.Kind == RouteKind.Dynamic) continue;
                foreach (var match in site.Matches)
                {
                    var prefix = PathClaim.Normal(match.Path);
                    if (prefix.Length > best.Length && string.Equals(match.Host, name, StringComparison.OrdinalIgnoreCase) && PathClaim.IsWithin(path, prefix)
                        && !match.Except.Any(e => PathClaim.IsWithin(path, PathClaim.Normal(e))))
                        best = (prefix.Length, site);
                }
            }
            if (best.Site is not null) return best.Site;
        }
        return null;
    }

    private static bool Covers(RouteMatch match, PathClaim claim)
    {
        var host = match.Host.ToLowerInvariant();
        var sameHost = host == "*" || host == claim.Host
            || (host.StartsWith("*.", StringComparison.Ordinal) && claim.Host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot && claim.Host[dot..] == host[1..]);
        return sameHost && PathClaim.IsWithin(claim.Path, PathClaim.Normal(match.Path)) && !match.Except.Any(e => PathClaim.IsWithin(claim.Path, PathClaim.Normal(e)));
    }
}
