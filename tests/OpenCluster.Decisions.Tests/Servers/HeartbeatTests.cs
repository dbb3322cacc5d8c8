using OpenCluster.Decisions.Servers;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Tests.Servers;

public class HeartbeatTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ClusterSettings Settings = new();

    [Fact]
    public void A_server_goes_silent_then_down_then_comes_back_on_probation()
    {
        var health = Heartbeat.Heard(ServerHealth.Awaited(everSeen: false, Start), Start).State;
        Assert.True(health.Settled(Start));
        health = Look(health, 1.5);
        Assert.Equal(ServerState.Silent, health.State);
        health = Look(health, 2);
        Assert.Equal(ServerState.Down, health.State);
        health = Heartbeat.Heard(health, At(60)).State;
        Assert.Equal(ServerState.Alive, health.State);
        Assert.False(health.Settled(At(60)));
        Assert.True(health.Settled(At(60) + Heartbeat.FirstSettling));
    }

    [Fact]
    public void Each_return_makes_the_probation_longer_up_to_a_bound()
    {
        var health = Heartbeat.Heard(ServerHealth.Awaited(everSeen: false, Start), Start).State;
        var last = TimeSpan.Zero;
        for (var i = 1; i <= 20; i++)
        {
            health = Look(health, (i * 10) + 5);
            health = Heartbeat.Heard(health, At((i * 10) + 6)).State;
            var probation = health.SettledAt - At((i * 10) + 6);
            Assert.True(probation >= last);
            last = probation;
        }

        Assert.Equal(Heartbeat.LongestSettling, last);
    }

    [Fact]
    public void A_server_never_seen_is_awaited_for_ever_and_one_seen_before_is_judged()
    {
        Assert.Equal(ServerState.Unknown, Look(ServerHealth.Awaited(everSeen: false, Start), 3600).State);
        Assert.Equal(ServerState.Down, Look(ServerHealth.Awaited(everSeen: true, Start), 3).State);
    }

    [Fact]
    public void Silence_before_the_observer_was_sure_of_itself_does_not_count()
    {
        var health = Heartbeat.Heard(ServerHealth.Awaited(everSeen: false, Start), Start).State;
        var looked = Heartbeat.Look(health, Settings, judgeFrom: At(100), mayCallDown: true, At(101.5));
        Assert.NotEqual(ServerState.Down, looked.State.State);
    }

    [Theory]
    [InlineData(3, 6, false)]
    [InlineData(4, 6, true)]
    [InlineData(1, 2, false)]
    [InlineData(2, 2, true)]
    public void More_than_half_gone_at_once_is_the_observers_own_fault(int gone, int all, bool doubts)
    {
        var servers = Enumerable.Range(0, all).Select(i => Heartbeat.Heard(ServerHealth.Awaited(everSeen: false, Start), i < gone ? Start : At(3)).State);
        Assert.Equal(doubts, SelfDoubt.Count(servers, Settings, Start, At(3)).TooMany);
    }

    private static ServerHealth Look(ServerHealth health, double seconds) => Heartbeat.Look(health, Settings, Start, mayCallDown: true, At(seconds)).State;

    private static DateTimeOffset At(double seconds) => Start + TimeSpan.FromSeconds(seconds);
}
