using OpenCluster.Decisions.Targets;

namespace OpenCluster.Decisions.Tests.Targets;

public sealed class TargetChoiceTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan SlowStart = TimeSpan.FromSeconds(10);

    [Fact]
    public void Nothing_is_drawn_when_none_serves()
    {
        Assert.Equal((-1, -1), TargetChoice.Draw([], 7));
        Assert.Equal((-1, -1), TargetChoice.Draw([0, 0], ulong.MaxValue));
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
            Weighing.Weigh(candidates, new WeighingRules(SlowStart, new()), Now, upTo, new int[candidates.Length]);
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

    [Fact]
    public void Turns_of_equal_targets_are_strict_and_those_of_others_even()
    {
        int[] equal = [100, 200, 200, 300];
        Assert.Equal([0, 1, 3, 0, 1, 3], Enumerable.Range(0, 6).Select(t => TargetChoice.Turn(equal, (uint)t, TargetChoice.Equal(equal))));

        int[] weighted = [100, 400, 1000];
        Assert.Equal(0, TargetChoice.Equal(weighted));
        var hits = new int[3];
        for (var turn = 1u; turn <= 10_000; turn++)
        {
            hits[TargetChoice.Turn(weighted, turn, 0)]++;
            // Never more than two away from its due at any time: no target gets a burst.
            for (var i = 0; i < 3; i++) Assert.InRange(hits[i] - turn * TargetChoice.Share(weighted, i) / 1000.0, -3, 3);
        }
    }
}
