using OpenCluster.Decisions.Trust;

namespace OpenCluster.Decisions.Tests.Trust;

public sealed class AuthorityLifeTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly AuthorityFacts Steady = new()
    {
        Roots = 1,
        NewestRootMade = Start,
        NewestRootUntil = Start.AddYears(10),
        IssuingBelowNewestRoot = true,
        IssuingMade = Start,
        IssuingUntil = Start.AddDays(365),
        RootKeyHere = true,
    };

    [Fact]
    public void The_issuing_authority_is_renewed_at_half_of_its_time()
    {
        Assert.Empty(AuthorityLife.Look(Steady, Start.AddDays(182)));
        Assert.IsType<AuthorityEffect.RenewIssuing>(Assert.Single(AuthorityLife.Look(Steady, Start.AddDays(183))));
    }

    [Fact]
    public void With_the_roots_key_elsewhere_a_person_is_told_in_time()
    {
        var away = Steady with { RootKeyHere = false };
        Assert.Empty(AuthorityLife.Look(away, Start.AddDays(300)));
        Assert.IsType<AuthorityEffect.Warn>(Assert.Single(AuthorityLife.Look(away, Start.AddDays(306))));
    }

    [Fact]
    public void A_rotation_announces_then_moves_then_drops_and_each_step_outlives_a_parts_certificate()
    {
        var part = TimeSpan.FromHours(24);
        Assert.True(AuthorityLife.Announced >= part && AuthorityLife.Overlap >= 2 * part);
        var facts = Steady with { Roots = 2, NewestRootMade = Start.AddDays(10), IssuingBelowNewestRoot = false };
        Assert.Empty(AuthorityLife.Look(facts, Start.AddDays(16)));
        Assert.IsType<AuthorityEffect.RenewIssuing>(Assert.Single(AuthorityLife.Look(facts, Start.AddDays(17))));

        facts = facts with { IssuingBelowNewestRoot = true, IssuingMade = Start.AddDays(17), IssuingUntil = Start.AddDays(17 + 365) };
        Assert.Empty(AuthorityLife.Look(facts, Start.AddDays(23)));
        Assert.IsType<AuthorityEffect.DropOldRoots>(Assert.Single(AuthorityLife.Look(facts, Start.AddDays(24))));
    }
}
