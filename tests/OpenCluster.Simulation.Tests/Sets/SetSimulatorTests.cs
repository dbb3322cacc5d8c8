using OpenCluster.Decisions.Sets;
using OpenCluster.Simulation.Sets;

namespace OpenCluster.Simulation.Tests.Sets;

public class SetSimulatorTests
{
    [Fact]
    public void Thousands_of_seeds_with_faults_lose_no_acknowledged_write_and_always_heal() => Run(faults: true, seconds: 20);

    [Fact]
    public void Without_faults_only_what_the_owner_asks_for_takes_an_epoch()
    {
        for (ulong seed = 1; seed <= 30; seed++)
        {
            var result = SetSimulator.Run(seed, faults: false, trace: true);
            var asked = result.Trace.Count(line => line.Contains("owner", StringComparison.Ordinal));
            Assert.Empty(result.Violations);
            Assert.InRange(result.Epochs, 1, 1 + asked);
        }
    }

    [Fact]
    public void A_hand_over_that_the_owner_asks_for_does_not_wait_for_the_lease_that_was_returned()
    {
        for (ulong seed = 1; seed <= 60; seed++)
        {
            var result = SetSimulator.Run(seed, faults: false, trace: true);
            var moves = result.Trace.Count(line => line.Contains("MoveWanted", StringComparison.Ordinal));
            Assert.True(result.LongestPause < new LeaseRules().Length, $"seed {seed}, {moves} moves: no write was acknowledged for {result.LongestPause}");
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_run_step_for_step() =>
        Assert.Equal(SetSimulator.Run(11, trace: true).Trace, SetSimulator.Run(11, trace: true).Trace);

    /// <summary>Seeds from 1 on, for so long; SIMULATE_FROM begins elsewhere.</summary>
    private static void Run(bool faults, double seconds)
    {
        var from = ulong.TryParse(Environment.GetEnvironmentVariable("SIMULATE_FROM"), out var given) ? given : 1;
        var started = TimeProvider.System.GetTimestamp();
        for (var seed = from; TimeProvider.System.GetElapsedTime(started).TotalSeconds < seconds; seed++)
        {
            var result = SetSimulator.Run(seed, faults);
            Assert.True(result.Violations.IsEmpty, $"opencluster simulate --set --seed {seed}\n{string.Join('\n', result.Violations)}");
            Assert.True(result.AcknowledgedWrites > 100, $"seed {seed}: only {result.AcknowledgedWrites} writes were acknowledged");
        }
    }
}
