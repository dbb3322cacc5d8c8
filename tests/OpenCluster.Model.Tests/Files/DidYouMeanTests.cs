using OpenCluster.Model.Files;

namespace OpenCluster.Model.Tests.Files;

public sealed class DidYouMeanTests
{
    [Theory]
    [InlineData("instnces", "instances")]
    [InlineData("insatnces", "instances")]
    [InlineData("Instances", "instances")]
    [InlineData("rolle", "role")]
    [InlineData("balancers", null)]
    [InlineData("x", null)]
    [InlineData("", null)]
    public void The_nearest_name_is_found_and_nothing_is_guessed_from_afar(string wrong, string? meant) =>
        Assert.Equal(meant, DidYouMean.Nearest(wrong, ["instances", "role", "check"]));

    [Fact]
    public void Where_nothing_is_near_the_choices_are_named() =>
        Assert.Equal("There are check, instances, role", DidYouMean.Hint("balancers", ["role", "instances", "check"]));
}
