using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Registrations;

/// <summary>
/// A snapshot with what apps have registered in it: the balancer serves that like any other, with the same pools, checks and choice. From
/// the snapshot and the live registrations alone, so every balancer that knows the same serves the same.
/// </summary>
public static class RegisteredTargets
{
    /// <param name="live">Registrations whose lease lasts.</param>
    public static BalancerSnapshot Into(BalancerSnapshot snapshot, IEnumerable<Registration> live)
    {
        var claims = new ClaimTable(live);
        var routes = snapshot.Routes.ToDictionary(r => r.Id, StringComparer.Ordinal);
        var sites = snapshot.Sites.ToDictionary(s => s.Route, StringComparer.Ordinal);
        var plans = snapshot.Routes.Where(r => r.Kind != RouteKind.Dynamic).ToDictionary(r => r.Id, StringComparer.Ordinal);
        var added = new List<RoutePlan>();
        var places = snapshot.Routes.Where(r => r.Kind != RouteKind.Dynamic).SelectMany(r => r.Matches).Select(m => m.Place()).ToHashSet(StringComparer.Ordinal);
        foreach (var claim in claims.Claims.OrderBy(c => c.Route, StringComparer.Ordinal).ThenBy(c => c.Host, StringComparer.Ordinal).ThenBy(c => c.Path, StringComparer.Ordinal))
        {
            var serving = claims.Serving(claim);
            if (!routes.TryGetValue(serving[0].Route, out var route) || route.Kind == RouteKind.Static) continue;
            // The file may have changed since they registered.
            if (sites.TryGetValue(route.Id, out var site) && SiteRules.Refusal(snapshot.Sites, site, claim) is not null) continue;

            var numbers = AppVersion.Numbers(serving.Select(r => r.Version));
            var targets = serving.Select(r => Target(r) with { Release = numbers[r.Version], Incompatible = r.Incompatible });
            if (route.Kind == RouteKind.LimitedDynamic && claim.Path.Length == 0 && !serving[0].Strip)
                plans[route.Id] = plans[route.Id] with { Targets = [.. plans[route.Id].Targets, .. targets] };
            else if (Below(route, claim, serving[0].Strip) is var below && below.Matches.All(m => places.Add(m.Place())))
                added.Add(below with { Targets = [.. targets] });
        }
        return snapshot with { Routes = [.. snapshot.Routes.Where(r => plans.ContainsKey(r.Id)).Select(r => plans[r.Id]), .. added] };
    }

    /// <summary>A route of its own for what is claimed, by the rules of the one it belongs to.</summary>
    private static RoutePlan Below(RoutePlan route, PathClaim claim, bool strip) => route with
    {
        Id = route.Id + "/" + claim.Host + claim.Path,
        Name = route.Name + (claim.Host.Length > 0 ? " " : "") + claim,
        Kind = RouteKind.Static,
        Matches = claim.Host.Length > 0
            ? [new RouteMatch(claim.Host, claim.Path.Length == 0 ? "/" : claim.Path) { Strip = strip }]
            : [.. PathClaim.Below(route.Matches, claim.Path, strip)],
        Targets = [],
        Check = null,
        WebRoot = null,
    };

    public static Target Target(Registration registration) => new()
    {
        Id = registration.Id,
        Address = registration.Address,
        Port = registration.Port,
        Location = registration.Location,
        Server = registration.App,
        Weight = registration.Weight,
        Check = registration.Check ?? new HealthCheck(),
        Reverse = registration.Reverse ? registration.Id : null,
    };
}
