using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Placing;

/// <summary>
/// Which servers run a service. What is fine is never moved; what is missing goes to the server with the fewest instances of the
/// service, then the location with the fewest, then the emptiest server. What is too much goes last come, first gone, and only
/// while enough healthy ones remain. The answer does not depend on the order of the input.
/// </summary>
public static class Placement
{
    public static PlacementResult Decide(int wanted, Capacity takes, IEnumerable<Seat> seats, IEnumerable<Candidate> candidates)
    {
        var all = seats.OrderBy(s => s.Created).ThenBy(s => s.InstanceId, IdOrder.Instance).ToList();
        var servers = candidates.OrderBy(c => c.ServerId, IdOrder.Instance).ToList();
        var keepers = all.Where(s => s is { Lost: false, Misplaced: null }).ToList();

        var picked = Pick(wanted - keepers.Count, takes, keepers.Select(k => k.ServerId), servers);
        var replaced = all.FirstOrDefault(s => s.Lost)?.ServerId;
        var additions = picked
            .Select(id => new Addition(id, replaced is null ? $"{wanted} wanted, {keepers.Count} running" : $"replaces one on {NameOf(servers, replaced)}, which is down"))
            .ToList();
        var missing = Math.Max(0, wanted - keepers.Count - picked.Count);
        return new(additions, Removals(wanted, all, keepers, servers, missing), missing, missing == 0 ? "" : WhyNot(takes, servers));
    }

    /// <summary>
    /// Up to <paramref name="count"/> servers for new instances, best first; a server comes twice when two go there.
    /// <paramref name="taken"/>: the server of each instance to spread away from.
    /// </summary>
    public static IReadOnlyList<string> Pick(int count, Capacity takes, IEnumerable<string> taken, IReadOnlyList<Candidate> candidates)
    {
        var picked = new List<string>();
        if (count <= 0)
            return picked;
        var byServer = taken.GroupBy(id => id, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        var byLocation = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var candidate in candidates)
            byLocation[candidate.Location] = byLocation.GetValueOrDefault(candidate.Location) + byServer.GetValueOrDefault(candidate.ServerId);
        var free = candidates.ToDictionary(c => c.ServerId, c => c.Free, StringComparer.Ordinal);
        var added = new Dictionary<string, int>(StringComparer.Ordinal);

        while (picked.Count < count)
        {
            var best = candidates
                .Where(c => c.Open && free[c.ServerId].Fits(takes) && !(c.OnlyOne && byServer.GetValueOrDefault(c.ServerId) > 0))
                .OrderByDescending(c => c.Sticky)
                .ThenBy(c => byServer.GetValueOrDefault(c.ServerId))
                .ThenBy(c => byLocation[c.Location])
                .ThenByDescending(c => c.Partner)
                .ThenBy(c => c.Load + added.GetValueOrDefault(c.ServerId))
                .ThenBy(c => c.ServerId, IdOrder.Instance)
                .FirstOrDefault();
            if (best is null)
                break;
            picked.Add(best.ServerId);
            byServer[best.ServerId] = byServer.GetValueOrDefault(best.ServerId) + 1;
            added[best.ServerId] = added.GetValueOrDefault(best.ServerId) + 1;
            byLocation[best.Location]++;
            free[best.ServerId] = free[best.ServerId].Minus(takes);
        }

        return picked;
    }

    /// <summary>
    /// A server that one of these instances had better be on; null when they are spread as well as can be. A move must leave the most
    /// crowded server or location less crowded than it was, so that it never calls for the way back.
    /// </summary>
    public static Addition? Better(Capacity takes, IReadOnlyCollection<Seat> seats, IReadOnlyList<Candidate> candidates)
    {
        if (Pick(1, takes, seats.Select(s => s.ServerId), candidates) is not [var best])
            return null;
        var locations = candidates.ToDictionary(c => c.ServerId, c => c.Location, StringComparer.Ordinal);
        int On(string server) => seats.Count(s => s.ServerId == server);
        int At(string location) => seats.Count(s => locations.GetValueOrDefault(s.ServerId) == location);
        var (there, where) = (On(best), locations[best]);
        var crowded = seats.OrderByDescending(s => On(s.ServerId)).ThenByDescending(s => At(locations.GetValueOrDefault(s.ServerId, ""))).First();
        var (here, from) = (On(crowded.ServerId), locations.GetValueOrDefault(crowded.ServerId, ""));
        if (here >= there + 2)
            return new(best, $"{here} are on {NameOf(candidates, crowded.ServerId)}, and it has {(there == 0 ? "none" : $"{there}")}");
        return here == there + 1 && At(from) >= At(where) + 2
            ? new(best, $"{At(from)} are at {from}, and {where} has {(At(where) == 0 ? "none" : $"{At(where)}")}")
            : null;
    }

    /// <summary>Why nothing more fits, for a person.</summary>
    public static string WhyNot(Capacity takes, IReadOnlyCollection<Candidate> candidates)
    {
        if (candidates.Count == 0)
            return "no server of this zone has the role and the tags";
        var open = candidates.Count(c => c.Open);
        if (open == 0)
            return candidates.Count == 1 ? "the only server for it is not ready to take it" : $"none of the {candidates.Count} servers for it is ready to take it";
        return candidates.Any(c => c.OnlyOne && c.Free.Fits(takes))
            ? "it has a fixed port, and every server for it already runs one"
            : $"no room on {(open == 1 ? "the only server" : $"any of the {open} servers")} for it";
    }

    private static List<Removal> Removals(int wanted, List<Seat> all, List<Seat> keepers, List<Candidate> servers, int missing)
    {
        var removals = new List<Removal>();
        var healthy = keepers.Count(k => k.Healthy);

        foreach (var seat in all.Where(s => s.Misplaced is not null))
        {
            // A replacement first; only what cannot serve, or has waited its time for one that fits nowhere, goes without.
            if (seat.Lost || (seat.Overdue && missing > 0) || (seat.Useless && healthy > 0) || healthy >= wanted)
                removals.Add(new(seat.InstanceId, seat.Misplaced!));
        }

        if (keepers.Any(k => k.Settling || k.Arriving))
            return removals;
        var surplus = new List<Seat>(keepers);
        var locations = servers.ToDictionary(c => c.ServerId, c => c.Location, StringComparer.Ordinal);
        while (surplus.Count > wanted)
        {
            var extra = surplus
                .OrderByDescending(s => s.Useless)
                .ThenBy(s => s.Healthy)
                .ThenByDescending(s => surplus.Count(o => o.ServerId == s.ServerId))
                .ThenByDescending(s => surplus.Count(o => locations.GetValueOrDefault(o.ServerId) == locations.GetValueOrDefault(s.ServerId)))
                .ThenByDescending(s => s.Created)
                .ThenByDescending(s => s.InstanceId, IdOrder.Instance)
                .First();
            if (!extra.Useless && healthy - (extra.Healthy ? 1 : 0) < wanted)
                break;
            if (extra.Healthy)
                healthy--;
            surplus.Remove(extra);
            removals.Add(new(extra.InstanceId, $"{wanted} wanted, {surplus.Count + 1} running"));
        }

        return removals;
    }

    private static string NameOf(IReadOnlyList<Candidate> servers, string id) => servers.FirstOrDefault(s => s.ServerId == id)?.ServerName ?? id;
}
