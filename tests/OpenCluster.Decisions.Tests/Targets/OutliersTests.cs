using OpenCluster.Decisions.Targets;

namespace OpenCluster.Decisions.Tests.Targets;

public sealed class OutliersTests
{
    [Theory]
    [InlineData(100, 30, 300, 3, true)]
    [InlineData(100, 30, 300, 0, true)]
    [InlineData(100, 30, 300, 60, false)]
    [InlineData(100, 5, 300, 0, false)]
    [InlineData(10, 10, 300, 0, false)]
    [InlineData(100, 100, 10, 0, false)]
    public void One_that_fails_far_more_often_than_the_others_is_one(long own, long ownFailed, long others, long othersFailed, bool expected) =>
        Assert.Equal(expected, Outliers.Is([new(others / 2, othersFailed / 2), new(own, ownFailed), new(others - others / 2, othersFailed - othersFailed / 2)], 1));
}
