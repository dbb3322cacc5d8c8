
namespace OpenCluster.Simulation.Tests;

public class SimulatorTests
{
    [Fact]
    public void Thousands_of_seeds_with_faults_break_no_invariant() => Run(new SimulationOptions(), seconds: 35);

    [Fact]
    public void Without_faults_not_one_request_fails() => Run(new SimulationOptions { Faults = false }, seconds: 12);

    [Fact]
    public void The_same_seed_gives_the_same_run_step_for_step()
    {
        var options = new SimulationOptions { Trace = true };
        var (first, second) = (Simulator.Run(7, options), Simulator.Run(7, options));

        Assert.NotEmpty(first.Trace);
        Assert.Equal(first.Trace, second.Trace);
        Assert.Equal(first.Stats, second.Stats);
    }

    /// <summary>Seeds from 1 on, for so long; SIMULATE_FROM begins elsewhere.</summary>
    private static void Run(SimulationOptions options, double seconds)
    {
        var from = ulong.TryParse(Environment.GetEnvironmentVariable("SIMULATE_FROM"), out var given) ? given : 1;
        var started = TimeProvider.System.GetTimestamp();
        var count = 0;
        for (var seed = from; TimeProvider.System.GetElapsedTime(started).TotalSeconds < seconds; seed++, count++)
        {
            var result = Simulator.Run(seed, options);
            Assert.True(result.Violations.IsEmpty, $"opencluster simulate --seed {seed}{(options.Faults ? "" : " --no-faults")}\n{string.Join('\n', result.Violations)}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{count} seeds in {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s");
    }
}
