using OpenCluster.Decisions.Targets;
using OpenCluster.Model.Balancing;

namespace OpenCluster.Decisions.Tests.Targets;

public sealed class TargetChoiceTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan SlowStart = TimeSpan.FromSeconds(10);

    [Fact]
    public void Unknown_down_and_draining_targets_get_no_share()
    {
        var down = TargetHealth.Unseen.Handle(new TargetEvent.CheckFailed("refused", true), TargetRules.Default, Now).State;
        var (shares, _) = Weigh(new(TargetHealth.Unseen, 100, false), new(down, 100, false), new(Up(60), 100, true), new(Up(60), 100, false));
        Assert.Equal([0, 0, 0, 10_000], shares);
    }

    [Fact]
    public void Ejected_targets_serve_only_when_none_is_up()
    {
        var (shares, _) = Weigh(new(Ejected(), 100, false), new(Up(60), 100, false));
        Assert.Equal([0, 10_000], shares);
        (shares, _) = Weigh(new(Ejected(), 100, false), new(TargetHealth.Unseen, 100, false));
        Assert.Equal([10_000, 0], shares);
    }

    [Fact]
    public void Nothing_is_drawn_when_none_serves()
    {
        Assert.Equal((-1, -1), TargetChoice.Draw([], 7));
        Assert.Equal((-1, -1), TargetChoice.Draw([0, 0], ulong.MaxValue));
    }

    [Fact]
    public void New_target_starts_small_and_grows_to_its_full_share()
    {
        var earlier = 0;
        for (var age = 0.0; age <= 10; age += 0.5)
        {
            var (shares, growing) = Weigh(new(Up(3600), 100, false), new(Up(age), 100, false));
            Assert.Equal(10_000, shares[0]);
            Assert.True(shares[1] >= earlier);
            Assert.Equal(age < 10, growing);
            earlier = shares[1];
        }
        Assert.Equal(10_000, earlier);
        Assert.Equal(1_000, Weigh(new(Up(3600), 100, false), new(Up(0), 100, false)).Shares[1]);
    }

    [Fact]
    public void Equally_new_targets_do_not_ramp()
    {
        var (shares, growing) = Weigh(new(Up(0.9), 100, false), new(Up(0), 50, false));
        Assert.Equal([10_000, 5_000], shares);
        Assert.False(growing);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Draws_follow_the_shares_and_never_hit_a_target_without_one(int seed)
    {
        var random = new Random(seed);
        for (var run = 0; run < 20; run++)
        {
            var candidates = Enumerable.Range(0, random.Next(1, 40))
                .Select(_ => new Candidate(random.Next(3) == 0 ? TargetHealth.Unseen : Up(3600), random.Next(1, 1001), random.Next(5) == 0)).ToArray();
            var upTo = new int[candidates.Length];
            TargetChoice.Weigh(candidates, SlowStart, Now, upTo);
            if (upTo[^1] == 0) continue;
            var hits = new int[candidates.Length];
            const int draws = 40_000;
            for (var i = 0; i < draws; i++)
            {
                var (first, second) = TargetChoice.Draw(upTo, (ulong)random.NextInt64(long.MinValue, long.MaxValue));
                hits[first]++;
                hits[second]++;
            }
            for (var i = 0; i < candidates.Length; i++)
            {
                var expected = 2.0 * draws * TargetChoice.Share(upTo, i) / upTo[^1];
                if (expected == 0) Assert.Equal(0, hits[i]);
                Assert.InRange(hits[i], expected - 6 * Math.Sqrt(expected) - 1, expected + 6 * Math.Sqrt(expected) + 1);
            }
        }
    }

    [Fact]
    public void Freer_is_judged_by_share_and_a_tie_goes_to_the_first()
    {
        Assert.False(TargetChoice.SecondIsFreer(0, 1000, 0, 10_000));
        Assert.True(TargetChoice.SecondIsFreer(1, 1000, 9, 10_000));
        Assert.False(TargetChoice.SecondIsFreer(1, 1000, 10, 10_000));
    }

    private static TargetHealth Up(double seconds) =>
        TargetHealth.Unseen.Handle(TargetEvent.CheckPassed.Instance, TargetRules.Default, Now.AddSeconds(-seconds)).State;

    private static TargetHealth Ejected()
    {
        var health = Up(60);
        while (health.State != TargetState.Ejected)
            health = health.Handle(new TargetEvent.RequestFailed("lost", false), TargetRules.Default, Now).State;
        return health;
    }

    private static (int[] Shares, bool Growing) Weigh(params Candidate[] candidates)
    {
        var upTo = new int[candidates.Length];
        var growing = TargetChoice.Weigh(candidates, SlowStart, Now, upTo);
        return (Enumerable.Range(0, upTo.Length).Select(i => TargetChoice.Share(upTo, i)).ToArray(), growing);
    }
}
