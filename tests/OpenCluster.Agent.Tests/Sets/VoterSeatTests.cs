using OpenCluster.Agent.Sets.Votes;
using OpenCluster.Decisions;

namespace OpenCluster.Agent.Tests.Sets;

public sealed class VoterSeatTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("opencluster-voter-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_promise_outlives_the_agent_that_gave_it()
    {
        Assert.Equal(0, Seat().Promise(7)!.Newer);

        var again = Seat();
        Assert.Equal(7, again.Promise(6)!.Newer);
        Assert.False(again.Answer(Ask(6, "srv-1")).Granted);
        Assert.Equal(7, again.Answer(Ask(6, "srv-1")).Promised);
    }

    [Fact]
    public void A_lease_goes_to_one_holder_until_it_is_given_back()
    {
        var seat = Seat();
        Assert.True(seat.Answer(Ask(1, "srv-1")).Granted);
        Assert.False(seat.Answer(Ask(2, "srv-2")).Granted);
        Assert.True(seat.Promise(2)!.LeaseLeft > TimeSpan.Zero);

        Assert.False(seat.Answer(Ask(1, "srv-1") with { Returns = true }).Granted);

        Assert.Equal(TimeSpan.Zero, seat.Promise(2)!.LeaseLeft);
        Assert.True(seat.Answer(Ask(2, "srv-2")).Granted);
    }

    [Fact]
    public void A_voter_that_came_back_takes_its_last_lease_for_one_it_has_just_given()
    {
        Assert.True(Seat().Answer(Ask(1, "srv-1")).Granted);

        Assert.True(Seat().Promise(2)!.LeaseLeft > TimeSpan.Zero);
    }

    [Fact]
    public void A_promise_that_cannot_be_kept_is_not_given()
    {
        var seat = Seat();
        Directory.Delete(_directory, recursive: true);

        Assert.Null(seat.Promise(3));
        Assert.False(seat.Answer(Ask(1, "srv-1")).Granted);
        Directory.CreateDirectory(_directory);
        Assert.Equal(0, seat.Promise(2)!.Newer);
    }

    private VoterSeat Seat() => new(_directory, new SteadyClock(TimeProvider.System));

    private static VoteAsk Ask(long epoch, string holder) => new() { SetId = "spc-1", Epoch = epoch, Holder = holder };
}
