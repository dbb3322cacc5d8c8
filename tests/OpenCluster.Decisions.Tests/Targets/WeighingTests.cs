using OpenCluster.Decisions.Targets;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Tests.Targets;

public sealed class WeighingTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan SlowStart = TimeSpan.FromSeconds(10);

    [Fact]
    public void Unknown_down_and_draining_targets_get_no_share()
    {
        var down = TargetHealth.Unseen.Handle(new TargetEvent.CheckFailed("refused", true), TargetRules.Default, Now).State;
        var (shares, _, _) = Weigh(new Candidate(TargetHealth.Unseen, 100, false), new(down, 100, false), new(Up(60), 100, true), new(Up(60), 100, false));
        Assert.Equal([0, 0, 0, 10_000], shares);
    }

    [Fact]
    public void Ejected_targets_serve_only_when_none_is_up()
    {
        var (shares, _, _) = Weigh(new Candidate(Ejected(), 100, false), new(Up(60), 100, false));
        Assert.Equal([0, 10_000], shares);
        (shares, _, _) = Weigh(new Candidate(Ejected(), 100, false), new(TargetHealth.Unseen, 100, false));
        Assert.Equal([10_000, 0], shares);
    }

    [Fact]
    public void New_target_starts_small_and_grows_to_its_full_share()
    {
        var earlier = 0;
        for (var age = 0.0; age <= 10; age += 0.5)
        {
            var (shares, growing, _) = Weigh(new Candidate(Up(3600), 100, false), new(Up(age), 100, false));
            Assert.Equal(10_000, shares[0]);
            Assert.True(shares[1] >= earlier);
            Assert.Equal(age < 10, growing);
            earlier = shares[1];
        }
        Assert.Equal(10_000, earlier);
        Assert.Equal(1_000, Weigh(new Candidate(Up(3600), 100, false), new(Up(0), 100, false)).Shares[1]);
    }

    [Fact]
    public void Equally_new_targets_do_not_ramp()
    {
        var (shares, growing, _) = Weigh(new Candidate(Up(0.9), 100, false), new(Up(0), 50, false));
        Assert.Equal([10_000, 5_000], shares);
        Assert.False(growing);
    }

    [Fact]
    public void All_stays_near_while_enough_of_it_is_healthy_and_spills_in_proportion_below()
    {
        // Ten near, ten far; each healthy one beyond the seventh is spare.
        Assert.Equal((1.0, 0.0), Near(10));
        Assert.Equal((1.0, 0.0), Near(8));
        Assert.Equal((0.7, 0.3), Near(5));
        Assert.Equal((0.14, 0.86), Near(1));
        Assert.Equal((0.0, 1.0), Near(0));

        static (double Near, double Far) Near(int healthy)
        {
            var candidates = Enumerable.Range(0, 10).Select(i => new Candidate(i < healthy ? Up(3600) : Refused(), 100, false))
                .Concat(Enumerable.Range(0, 10).Select(_ => new Candidate(Up(3600), 100, false, Distance: 1))).ToArray();
            var shares = Weigh(candidates).Shares;
            return (Math.Round(shares.Take(10).Sum() / (double)shares.Sum(), 3), Math.Round(shares.Skip(10).Sum() / (double)shares.Sum(), 3));
        }
    }

    [Fact]
    public void What_is_far_and_has_no_share_may_still_be_asked_when_the_near_one_fails()
    {
        var (shares, _, levels) = Weigh(new Candidate(Up(60), 100, false), new(Up(60), 100, false, Distance: 2), new(Refused(), 100, false, Distance: 1));
        Assert.Equal([10_000, 0, 0], shares);
        Assert.Equal([0, 2, -1], levels);
    }

    [Fact]
    public void Near_is_of_no_account_when_the_route_says_so() =>
        Assert.Equal([10_000, 10_000], Weigh(new BalanceRule { Near = false }, new(Up(60), 100, false), new(Up(60), 100, false, Distance: 2)).Shares);

    [Fact]
    public void One_that_returns_near_takes_over_from_far_little_by_little()
    {
        Candidate[] At(double age) => [new(Up(age), 100, false), new(Up(3600), 100, false, Distance: 1)];
        var shares = new[] { 0, 2, 5, 8, 11 }.Select(age => Weigh(At(age)).Shares).Select(s => Math.Round((double)s[0] / s.Sum(), 2)).ToArray();
        Assert.Equal(0.14, shares[0]);
        Assert.Equal(1, shares[^1]);
        Assert.Equal(shares.Order(), shares);
    }

    [Theory]
    [InlineData(ReleasePreference.Newer, new[] { 0, 10_000 })]
    [InlineData(ReleasePreference.Older, new[] { 10_000, 0 })]
    [InlineData(ReleasePreference.Any, new[] { 10_000, 10_000 })]
    public void Preferred_release_takes_all_while_it_can(ReleasePreference preferred, int[] expected) =>
        Assert.Equal(expected, Weigh(new BalanceRule { Releases = preferred }, new(Up(60), 100, false, 4), new(Up(60), 100, false, 5)).Shares);

    [Fact]
    public void Newest_release_gets_the_share_it_is_given_whatever_its_number()
    {
        var rule = new BalanceRule { NewestShare = 0.1 };
        Candidate[] nine = [.. Enumerable.Repeat(new Candidate(Up(60), 100, false, 1), 3), .. Enumerable.Repeat(new Candidate(Up(60), 100, false, 2), 6)];
        var shares = Weigh(rule, nine).Shares;
        Assert.Equal(0.1, (double)shares.Skip(3).Sum() / shares.Sum(), 0.001);
        // Alone it gets everything.
        Assert.All(Weigh(rule, nine[3..]).Shares, s => Assert.Equal(10_000, s));
    }

    [Fact]
    public void Incompatible_release_waits_until_the_earlier_one_is_gone()
    {
        Candidate Old(bool draining) => new(Up(3600), 100, draining, 1);
        Candidate New(bool draining = false) => new(Up(5), 100, draining, 2, Incompatible: true);
        Assert.Equal([10_000, 0, 0], Weigh(Old(false), New(), New()).Shares);
        Assert.Equal(-1, Weigh(Old(false), New()).Levels[1]);
        Assert.Equal([0, 10_000, 10_000], Weigh(Old(true), New(), New()).Shares);
    }

    [Fact]
    public void On_the_way_back_the_incompatible_release_keeps_its_requests_until_it_is_gone()
    {
        Candidate Newer(bool draining) => new(Up(3600), 100, draining, 2, Incompatible: true);
        Candidate Returning() => new(Up(5), 100, false, 1);
        Assert.Equal([10_000, 0], Weigh(Newer(false), Returning()).Shares);
        Assert.Equal([0, 10_000], Weigh(Newer(true), Returning()).Shares);
    }

    [Fact]
    public void When_most_fall_silent_at_once_all_are_used_for_a_while()
    {
        Candidate[] At(double lostAgo) => [new(Up(3600), 100, false), new(Silent(lostAgo), 100, false), new(Silent(lostAgo), 100, false)];
        Assert.Equal([true, true, true], Weigh(At(5)).Levels.Select(l => l >= 0));
        Assert.Equal([true, false, false], Weigh(At(40)).Levels.Select(l => l >= 0));
        Assert.Equal([true, false, false], Weigh(new BalanceRule { Panic = 0 }, At(5)).Levels.Select(l => l >= 0));
    }

    [Fact]
    public void Where_nobody_listens_not_even_panic_sends_anything() =>
        Assert.Equal([10_000, 0, 0], Weigh(new Candidate(Up(3600), 100, false), new(Refused(), 100, false), new(Refused(), 100, false)).Shares);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_the_targets_shares_and_levels_agree(int seed)
    {
        var random = new Random(seed);
        for (var run = 0; run < 2000; run++)
        {
            var rule = new BalanceRule
            {
                Near = random.Next(2) == 0,
                Releases = (ReleasePreference)random.Next(3),
                NewestShare = random.Next(3) == 0 ? random.NextDouble() : null,
                Panic = random.NextDouble(),
            };
            var candidates = Enumerable.Range(0, random.Next(1, 30)).Select(_ => new Candidate(
                random.Next(6) switch { 0 => TargetHealth.Unseen, 1 => Refused(), 2 => Silent(random.Next(60)), 3 => Ejected(), _ => Up(random.Next(30)) },
                random.Next(1, 1001), random.Next(6) == 0, random.Next(3), random.Next(4) == 0, random.Next(3))).ToArray();
            var (shares, _, levels) = Weigh(rule, candidates);

            var up = candidates.Any(c => c is { Draining: false, Health.State: TargetState.Up });
            Assert.Equal(up || levels.Any(l => l >= 0), shares.Sum() > 0);
            for (var i = 0; i < candidates.Length; i++)
            {
                Assert.True(shares[i] >= 0);
                if (levels[i] < 0) Assert.Equal(0, shares[i]);
                if (candidates[i].Draining || candidates[i].Health.Refused || candidates[i].Health.LostAt is null && candidates[i].Health.State != TargetState.Up) Assert.Equal(-1, levels[i]);
            }
            // Never two releases together of which the later is incompatible with the earlier.
            var serving = candidates.Where((_, i) => levels[i] >= 0).ToArray();
            Assert.DoesNotContain(serving, c => c.Incompatible && serving.Any(o => o.Release < c.Release));
        }
    }

    [Theory]
    [InlineData("dc.hall1", "dc.hall1", 0)]
    [InlineData("dc.hall1", "dc.hall1.rack2", 0)]
    [InlineData("dc.hall1", "dc.hall2", 1)]
    [InlineData("dc.hall1", "hq", 2)]
    [InlineData("dc.hall1", "dc", 1)]
    [InlineData("default", "default", 0)]
    public void Distance_counts_the_labels_that_are_not_shared(string from, string to, int distance) => Assert.Equal(distance, Nearness.Between(from, to));

    private static TargetHealth Up(double seconds) =>
        TargetHealth.Unseen.Handle(TargetEvent.CheckPassed.Instance, TargetRules.Default, Now.AddSeconds(-seconds)).State;

    private static TargetHealth Refused() =>
        Up(60).Handle(new TargetEvent.CheckFailed("refused", true), TargetRules.Default, Now).State;

    private static TargetHealth Silent(double seconds)
    {
        var health = Up(3600);
        while (health.State != TargetState.Down)
            health = health.Handle(new TargetEvent.CheckFailed("no answer", false, Silent: true), TargetRules.Default, Now.AddSeconds(-seconds)).State;
        return health;
    }

    private static TargetHealth Ejected()
    {
        var health = Up(60);
        while (health.State != TargetState.Ejected)
            health = health.Handle(new TargetEvent.RequestFailed("lost", false), TargetRules.Default, Now).State;
        return health;
    }

    private static (int[] Shares, bool Growing, int[] Levels) Weigh(params Candidate[] candidates) => Weigh(new BalanceRule(), candidates);

    private static (int[] Shares, bool Growing, int[] Levels) Weigh(BalanceRule rule, params Candidate[] candidates)
    {
        var (upTo, levels) = (new int[candidates.Length], new int[candidates.Length]);
        var growing = Weighing.Weigh(candidates, new WeighingRules(SlowStart, rule), Now, upTo, levels);
        return ([.. Enumerable.Range(0, upTo.Length).Select(i => TargetChoice.Share(upTo, i))], growing, levels);
    }
}
