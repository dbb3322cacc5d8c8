using FsCheck;
using FsCheck.Fluent;
using OpenCluster.Decisions.Placing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Tests.Placing;

public class PlacementTests
{
    private static readonly Capacity Takes = new() { MemoryBytes = 1 };

    [Fact]
    public void Instances_are_spread_over_servers_then_locations()
    {
        var placed = Decide(3, [], [Candidate(1, "a"), Candidate(2, "a"), Candidate(3, "b"), Candidate(4, "b")]);
        Assert.Equal(["srv-1", "srv-3", "srv-2"], placed.Additions.Select(a => a.ServerId));
    }

    [Fact]
    public void What_does_not_fit_is_missing_with_its_reason()
    {
        var placed = Decide(3, [], [Candidate(1, "a", memory: 1), Candidate(2, "a", memory: 1)]);
        Assert.Equal(2, placed.Additions.Count);
        Assert.Equal(1, placed.Missing);
        Assert.Equal("no room on any of the 2 servers for it", placed.MissingReason);
    }

    [Fact]
    public void A_misplaced_instance_waits_for_its_replacement()
    {
        var seats = new[] { Seat(1, 1) with { Misplaced = "its server leaves the cluster" } };
        Assert.Empty(Decide(1, seats, [Candidate(2, "a")]).Removals);
        Assert.Single(Decide(1, [.. seats, Seat(2, 2)], [Candidate(2, "a")]).Removals);
    }

    [Fact]
    public void The_extra_instance_of_the_most_crowded_server_leaves_first()
    {
        var placed = Decide(2, [Seat(1, 1), Seat(2, 2), Seat(3, 2)], [Candidate(1, "a"), Candidate(2, "b")]);
        Assert.Equal("api-3", Assert.Single(placed.Removals).InstanceId);
    }

    [Fact]
    public void Two_never_share_a_server_while_another_fits() => Holds(c =>
    {
        var placed = Decide(c.Wanted, c.Seats, c.Candidates);
        var count = c.Candidates.ToDictionary(x => x.ServerId, x => c.Seats.Count(s => s is { Lost: false, Misplaced: null } && s.ServerId == x.ServerId));
        var free = c.Candidates.ToDictionary(x => x.ServerId, x => x.Free);
        foreach (var addition in placed.Additions)
        {
            var others = c.Candidates.Where(x => x.Open && free[x.ServerId].Fits(Takes)).Select(x => count[x.ServerId]).ToList();
            if (count[addition.ServerId] > others.Min())
                return false;
            count[addition.ServerId]++;
            free[addition.ServerId] = free[addition.ServerId].Minus(Takes);
        }

        return true;
    });

    [Fact]
    public void The_order_of_the_input_does_not_matter() => Holds(c =>
    {
        var a = Decide(c.Wanted, c.Seats, c.Candidates);
        var b = Decide(c.Wanted, [.. c.Seats.Reverse()], [.. c.Candidates.Reverse()]);
        return a.Additions.SequenceEqual(b.Additions) && a.Removals.SequenceEqual(b.Removals) && a.Missing == b.Missing;
    });

    [Fact]
    public void Only_open_servers_with_room_get_instances_and_never_more_than_are_wanted() => Holds(c =>
    {
        var placed = Decide(c.Wanted, c.Seats, c.Candidates);
        var keepers = c.Seats.Count(s => s is { Lost: false, Misplaced: null });
        return placed.Additions.All(a => c.Candidates.Single(x => x.ServerId == a.ServerId).Open)
            && placed.Additions.GroupBy(a => a.ServerId).All(g => c.Candidates.Single(x => x.ServerId == g.Key).Free.MemoryBytes >= g.Count())
            && placed.Additions.Count + placed.Missing == Math.Max(0, c.Wanted - keepers);
    });

    [Fact]
    public void Removals_never_leave_fewer_healthy_than_wanted_and_spare_what_is_not_too_much() => Holds(c =>
    {
        var placed = Decide(c.Wanted, c.Seats, c.Candidates);
        var gone = placed.Removals.Select(r => r.InstanceId).ToHashSet();
        var keepers = c.Seats.Where(s => s is { Lost: false, Misplaced: null }).ToList();
        var before = keepers.Count(s => s.Healthy);
        var after = keepers.Count(s => s.Healthy && !gone.Contains(s.InstanceId));
        var useful = keepers.Count(s => !s.Useless && !gone.Contains(s.InstanceId));
        return (after == before || after >= c.Wanted) && (useful == keepers.Count(s => !s.Useless) || after >= c.Wanted) && keepers.Count(s => !gone.Contains(s.InstanceId)) >= Math.Min(c.Wanted, keepers.Count);
    });

    [Fact]
    public void What_was_just_placed_stays_placed() => Holds(c =>
    {
        var first = Decide(c.Wanted, [], c.Candidates);
        var seats = first.Additions.Select((a, i) => new Seat($"api-{i + 1}", a.ServerId, Day) { Healthy = true }).ToArray();
        var left = c.Candidates.Select(x => x with { Free = Room.Of(new Capacity { MemoryBytes = (long)x.Free.MemoryBytes - seats.Count(s => s.ServerId == x.ServerId) }) });
        var second = Decide(c.Wanted, seats, [.. left]);
        return second.Additions.Count == 0 && second.Removals.Count == 0;
    });

    private static readonly DateTimeOffset Day = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private sealed record Case(int Wanted, Seat[] Seats, Candidate[] Candidates);

    private static void Holds(Func<Case, bool> property)
    {
        var candidates = Gen.Choose(0, 6).SelectMany(n => Gen.ArrayOf(
            Gen.Choose(0, 2).SelectMany(location => Gen.Choose(0, 4).SelectMany(memory => Gen.Choose(0, 4).SelectMany(open => Gen.Choose(0, 9)
                .Select(load => (Location: location, Memory: memory, Open: open > 0, Load: load))))), n));
        var seats = Gen.Choose(0, 8).SelectMany(n => Gen.ArrayOf(
            Gen.Choose(1, 7).SelectMany(server => Gen.Choose(0, 3).SelectMany(state => Gen.Choose(0, 9).Select(kind => (Server: server, Healthy: state > 0, Kind: kind)))), n));
        var cases = Gen.Choose(0, 6).SelectMany(wanted => candidates.SelectMany(cs => seats.Select(ss => new Case(
            wanted,
            [.. ss.Select((s, i) => Seat(i + 1, s.Server) with { Healthy = s.Healthy && s.Kind is not (0 or 3), Useless = !s.Healthy, Lost = s.Kind == 0, Misplaced = s.Kind == 1 ? "why" : null, Settling = s.Kind == 2 })],
            [.. cs.Select((c, i) => Candidate(i + 1, $"hall{c.Location}", c.Memory) with { Open = c.Open, Load = c.Load })]))));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(cases.ToArbitrary(), property));
    }

    private static PlacementResult Decide(int wanted, Seat[] seats, Candidate[] candidates) => Placement.Decide(wanted, Takes, seats, candidates);

    private static Seat Seat(int number, int server) => new($"api-{number}", $"srv-{server}", Day.AddMinutes(number)) { Healthy = true };

    private static Candidate Candidate(int number, string location, int memory = 100) => new()
    {
        ServerId = $"srv-{number}",
        ServerName = $"web{number}",
        Location = location,
        Open = true,
        Free = Room.Of(new Capacity { MemoryBytes = memory }),
    };
}
