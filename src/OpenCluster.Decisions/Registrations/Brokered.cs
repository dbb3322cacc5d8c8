using System.Collections.Immutable;
using System.Net;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Registrations;

/// <summary>One address of an endpoint, and how it should be come to.</summary>
public sealed record BrokeredTarget(string Id, string Host, int Port, string Location, ReachMode Mode);

/// <summary>What the broker tells of: services, what others run, and what apps have registered under a name of their own. From the snapshot and the live registrations alone.</summary>
public static class Brokered
{
    private const string RoutePrefix = "endpoint/";

    /// <summary>The route, of no host and path, that holds an endpoint's targets: so they are checked and chosen like any others.</summary>
    public static string RouteOf(string endpoint) => RoutePrefix + endpoint;

    /// <summary>Every place of an endpoint; empty for one nobody offers.</summary>
    public static ImmutableArray<BrokeredTarget> Places(BalancerSnapshot snapshot, IEnumerable<Registration> live, string endpoint)
    {
        var declared = snapshot.Endpoints.FirstOrDefault(e => e.Name == endpoint)?.Places ?? [];
        return
        [
            .. declared.Select(p => new BrokeredTarget(p.Id, p.Host, p.Port, p.Location, ReachMode.DirectThenThrough)),
            .. live.Where(r => r.Endpoint == endpoint).Select(r => new BrokeredTarget(r.Id, r.Address, r.Port, r.Location, r.Mode)),
        ];
    }

    /// <summary>The caller's order: the nearest first, by how many names of the location are the same from the left; then what is up.</summary>
    public static IEnumerable<BrokeredTarget> InOrder(IEnumerable<BrokeredTarget> places, string location, Func<BrokeredTarget, TargetState> state) =>
        from place in places
        orderby state(place) switch { TargetState.Up => 0, TargetState.Unknown => 1, _ => 2 }, -Nearness(place.Location, location), place.Id
        select place;

    /// <summary>Routes for the endpoints that somebody may ask for; an endpoint nobody may ask for is not checked on anybody's behalf.</summary>
    public static BalancerSnapshot Into(BalancerSnapshot snapshot, ImmutableArray<Registration> live)
    {
        var asked = snapshot.AppTokens.SelectMany(t => t.Endpoints).Concat(live.Select(r => r.Endpoint)).Where(e => e.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        var known = live.ToDictionary(r => r.Id, StringComparer.Ordinal);
        return snapshot with
        {
            Routes =
            [
                .. snapshot.Routes,
                .. from endpoint in asked
                   let targets = Places(snapshot, live, endpoint).Where(p => p.Port > 0 || known.ContainsKey(p.Id)).Select(p => Target(p, known.GetValueOrDefault(p.Id))).OfType<Target>().ToImmutableArray()
                   where !targets.IsEmpty
                   select new RoutePlan { Id = RouteOf(endpoint), Name = RouteOf(endpoint), Targets = targets },
            ],
        };
    }

    /// <summary>Null for what is known by a host name: only the app itself resolves that.</summary>
    private static Target? Target(BrokeredTarget place, Registration? registration) => registration is not null
        ? RegisteredTargets.Target(registration)
        : IPAddress.TryParse(place.Host, out _) ? new Target { Id = place.Id, Address = place.Host, Port = place.Port, Location = place.Location, Check = new HealthCheck() } : null;

    private static int Nearness(string a, string b)
    {
        var (left, right) = (a.Split('.'), b.Split('.'));
        var same = 0;
        while (same < left.Length && same < right.Length && left[same] == right[same]) same++;
        return same;
    }
}
