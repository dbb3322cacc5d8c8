using System.Collections.Immutable;
using OpenCluster.Model.Balancing;

namespace OpenCluster.Decisions.Registrations;

/// <summary>Two apps claim one path and do not both share it: the older claim holds.</summary>
public sealed record ClaimConflict(PathClaim Claim, Registration Holder, Registration Loser)
{
    public string InWords => $"{Claim} is claimed by app \"{Loser.App}\" (token {Loser.Token}, since {Loser.Since:u}) and held by app \"{Holder.App}\" (token {Holder.Token}, since {Holder.Since:u}), whose claim is older";
}

/// <summary>
/// Who holds which path, from the live registrations alone: the same on every balancer that knows the same. Asked at each registering, so
/// that a conflict is refused; and for the whole, because balancers that were cut apart could not know of each other's claims.
/// </summary>
public sealed class ClaimTable
{
    private readonly Dictionary<PathClaim, List<Registration>> _claims = [];

    public ClaimTable(IEnumerable<Registration> live)
    {
        foreach (var registration in live)
        {
            foreach (var claim in PathClaim.Of(registration))
            {
                if (!_claims.TryGetValue(claim, out var all)) _claims.Add(claim, all = []);
                all.Add(registration);
            }
        }
        foreach (var all in _claims.Values) all.Sort(static (a, b) => a.Since != b.Since ? a.Since.CompareTo(b.Since) : string.CompareOrdinal(a.Id, b.Id));
    }

    public IEnumerable<PathClaim> Claims => _claims.Keys;

    /// <summary>Those that serve the path: the oldest claim, its app's other instances, and apps that share it with them.</summary>
    public ImmutableArray<Registration> Serving(PathClaim claim) =>
        _claims.TryGetValue(claim, out var all) ? [.. all.Where(r => Agree(all[0], r))] : [];

    public IEnumerable<ClaimConflict> Conflicts() =>
        from claim in _claims
        from loser in claim.Value.Where(r => !Agree(claim.Value[0], r))
        orderby loser.Since, loser.Id, claim.Key.Host, claim.Key.Path
        select new ClaimConflict(claim.Key, claim.Value[0], loser);

    /// <summary>Who stands in the way of a newcomer; null when nobody does.</summary>
    public ClaimConflict? Against(Registration newcomer) =>
        (from claim in PathClaim.Of(newcomer)
         where _claims.ContainsKey(claim)
         let holder = _claims[claim].Find(r => r.Id != newcomer.Id)
         where holder is not null && !Agree(holder, newcomer)
         select new ClaimConflict(claim, holder, newcomer)).FirstOrDefault();

    /// <summary>One app is one token and one name. Different apps agree only when both say so.</summary>
    private static bool Agree(Registration a, Registration b) => (a.TokenId == b.TokenId && a.App == b.App) || (a.Shared && b.Shared);
}
