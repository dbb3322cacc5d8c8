using OpenCluster.Decisions.Registrations;

namespace OpenCluster.Decisions.Tests.Registrations;

public sealed class AppVersionTests
{
    [Theory]
    [InlineData("", "0")]
    [InlineData("0", "0.0.1")]
    [InlineData("1.9.3", "1.10.0")]
    [InlineData("1.2", "1.2.1")]
    [InlineData("v1.2.3", "v1.2.4")]
    [InlineData("1.0.0-alpha", "1.0.0-alpha.1")]
    [InlineData("1.0.0-alpha.1", "1.0.0-alpha.beta")]
    [InlineData("1.0.0-beta.2", "1.0.0-beta.11")]
    [InlineData("1.0.0-rc.1", "1.0.0")]
    [InlineData("41", "42")]
    [InlineData("99999999999999999998", "99999999999999999999")]
    [InlineData("2026.10.2", "2026.11.1")]
    public void The_newer_one_is_newer_whichever_comes_first(string older, string newer)
    {
        Assert.Equal(-1, Math.Sign(AppVersion.Compare(older, newer)));
        Assert.Equal(1, Math.Sign(AppVersion.Compare(newer, older)));
    }

    [Theory]
    [InlineData("1.2", "1.2.0")]
    [InlineData("v1.2", "1.2")]
    [InlineData("1.2+build.7", "1.2+build.8")]
    [InlineData("1.02", "1.2")]
    public void What_means_nothing_makes_no_difference(string a, string b)
    {
        Assert.Equal(0, AppVersion.Compare(a, b));
        Assert.Single(AppVersion.Numbers([a, b, "0.1-x"]).Where(n => n.Key is not "0.1-x").Select(n => n.Value).Distinct());
    }

    [Fact]
    public void Any_texts_have_one_order()
    {
        var random = new Random(1);
        string[] texts = [.. Enumerable.Range(0, 60).Select(_ => new string([.. Enumerable.Range(0, random.Next(7)).Select(_ => "012a.-+v"[random.Next(8)])])), ""];
        foreach (var a in texts)
        {
            foreach (var b in texts)
            {
                Assert.Equal(Math.Sign(AppVersion.Compare(a, b)), -Math.Sign(AppVersion.Compare(b, a)));
                foreach (var c in texts)
                    if (AppVersion.Compare(a, b) <= 0 && AppVersion.Compare(b, c) <= 0) Assert.True(AppVersion.Compare(a, c) <= 0, $"{a} ≤ {b} ≤ {c}");
            }
        }
        var numbers = AppVersion.Numbers(texts);
        Assert.All(texts, a => Assert.All(texts, b => Assert.Equal(Math.Sign(AppVersion.Compare(a, b)), numbers[a].CompareTo(numbers[b]))));
    }

    [Fact]
    public void Whole_numbers_stand_for_themselves_as_those_of_deployed_releases_do() =>
        Assert.Equal([7, 12], AppVersion.Numbers(["12", "7"]).Values.Order());
}
