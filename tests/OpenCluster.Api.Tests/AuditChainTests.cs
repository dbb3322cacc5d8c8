using OpenCluster.Api.Audit;
using OpenCluster.Api.Views;

namespace OpenCluster.Api.Tests;

public sealed class AuditChainTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static List<AuditView> Trail(int entries)
    {
        var trail = new List<AuditView>();
        for (var i = 1; i <= entries; i++)
        {
            var entry = new AuditView(i, Start.AddMinutes(i), "ann", "10.0.0.1", $"act {i}", "", null, null, trail.LastOrDefault()?.Hash);
            trail.Add(entry with { Hash = AuditChain.HashOf(entry) });
        }

        trail.Reverse();
        return trail;
    }

    [Fact]
    public void A_whole_trail_is_whole_also_when_its_oldest_entries_were_dropped()
    {
        var trail = Trail(10);
        Assert.Null(AuditChain.Broken(trail, trail[5].Hash));
        Assert.Null(AuditChain.Broken(trail[..6], null));
    }

    [Fact]
    public void What_was_changed_taken_out_put_in_or_cut_is_seen()
    {
        var trail = Trail(10);
        List<AuditView> changed = [.. trail];
        changed[4] = changed[4] with { By = "bob" };
        Assert.Contains("was changed", AuditChain.Broken(changed, null), StringComparison.Ordinal);

        List<AuditView> forged = [.. trail];
        forged[4] = forged[4] with { By = "bob" };
        forged[4] = forged[4] with { Hash = AuditChain.HashOf(forged[4]) };
        Assert.Contains("was replaced", AuditChain.Broken(forged, null), StringComparison.Ordinal);

        Assert.Contains("are missing", AuditChain.Broken([.. trail[..3], .. trail[4..]], null), StringComparison.Ordinal);
        Assert.Contains("noted", AuditChain.Broken(trail[2..], trail[0].Hash), StringComparison.Ordinal);
    }

    [Fact]
    public void No_two_entries_read_the_same()
    {
        var one = new AuditView(1, Start, "a", "bc", "", "", null, null);
        Assert.NotEqual(AuditChain.HashOf(one), AuditChain.HashOf(one with { By = "ab", From = "c" }));
        Assert.NotEqual(AuditChain.HashOf(one), AuditChain.HashOf(one with { Before = "" }));
    }
}
