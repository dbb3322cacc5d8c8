using OpenCluster.Decisions.Targets;

namespace OpenCluster.Decisions.Tests.Targets;

public sealed class HashChoiceTests
{
    private const int Keys = 20_000;

    [Fact]
    public void Keys_spread_by_share()
    {
        var hits = Hits(Table([100, 100, 200, 0]));
        Assert.Equal(0, hits[3]);
        Assert.InRange(hits[0] / (double)Keys, 0.235, 0.265);
        Assert.InRange(hits[2] / (double)Keys, 0.48, 0.52);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    public void When_one_of_many_goes_few_keys_move_that_need_not(int targets)
    {
        var before = Table([.. Enumerable.Repeat(100, targets)]);
        var after = Table([.. Enumerable.Repeat(100, targets).Select((s, i) => i == 3 ? 0 : s)]);
        var moved = Enumerable.Range(0, Keys).Count(k => before.Of(Key(k)) != 3 && before.Of(Key(k)) != after.Of(Key(k)));
        Assert.InRange(moved / (double)Keys, 0, 0.05);
    }

    [Fact]
    public void No_shares_no_choice() => Assert.Null(HashChoice.Build([1, 2], [0, 0]));

    private static ulong Key(int key) => HashChoice.Hash($"user-{key}");

    private static int[] Hits(HashChoice table)
    {
        var hits = new int[4];
        for (var k = 0; k < Keys; k++) hits[table.Of(Key(k))]++;
        return hits;
    }

    private static HashChoice Table(int[] shares)
    {
        var upTo = new int[shares.Length];
        for (var i = 0; i < shares.Length; i++) upTo[i] = shares[i] + (i == 0 ? 0 : upTo[i - 1]);
        return HashChoice.Build([.. Enumerable.Range(0, shares.Length).Select(i => HashChoice.Hash($"ins-{i}"))], upTo)!;
    }
}
