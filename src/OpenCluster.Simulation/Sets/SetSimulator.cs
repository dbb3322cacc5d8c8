using System.Collections.Immutable;
using OpenCluster.Decisions.Sets;
using OpenCluster.Simulation.Time;

namespace OpenCluster.Simulation.Sets;

/// <summary>
/// Runs one seed of a replicated set: the real voters, leases, copies' agents and controllers, over simulated servers that replicate as
/// Redis does, while things break; then a quiet time in which all must heal. Same seed, same run.
/// </summary>
public static class SetSimulator
{
    public static SetResult Run(ulong seed, bool faults = true, bool trace = false, TimeSpan? duration = null)
    {
        var world = new SetWorld(seed, trace);
        var breaking = new SetFaults(world);
        var busy = duration ?? TimeSpan.FromMinutes(2);
        var random = world.Random;
        world.Timeline.In(TimeSpan.FromSeconds(3), () => world.ClientsOn = true);
        if (faults)
        {
            for (var left = random.Between(2, 14); left > 0; left--)
                world.Timeline.In(random.Between(TimeSpan.FromSeconds(4), busy), breaking.BreakSomething);
        }
        for (var left = random.Below(3); left > 0; left--)
            world.Timeline.In(random.Between(TimeSpan.FromSeconds(5), busy), () => Ask(world));

        var end = Timeline.Start + busy + Quiet;
        try
        {
            var steps = 0;
            while (world.Checks.Violations.Count == 0 && world.Timeline.Step(end))
            {
                if (++steps > MostSteps) world.Checks.Violated($"more than {MostSteps:N0} messages and timers: each brings about more than one other");
            }
            if (world.Checks.Violations.Count == 0)
            {
                world.ClientsOn = false;
                while (world.Timeline.Step(end + TimeSpan.FromSeconds(2)))
                {
                }
                world.Checks.AtTheEnd(world);
            }
        }
        catch (InvalidOperationException broken)
        {
            world.Checks.Violated(broken.Message);
        }
        return new SetResult(seed, [.. world.Checks.Violations], trace ? world.Trace.Lines : [], world.Store.Set.Epoch, world.Checks.AcknowledgedWrites, breaking.Count, world.Now - Timeline.Start)
        {
            LongestPause = world.Checks.LongestPause,
        };
    }

    /// <summary>Ten times what a busy run needs.</summary>
    private const int MostSteps = 5_000_000;

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(100);

    /// <summary>The owner moves the primary, or changes who votes.</summary>
    private static void Ask(SetWorld world)
    {
        var controller = world.Random.Of(world.Controllers);
        var member = world.Random.Of(world.Set.Members);
        SetEvent what = world.Random.Chance(60)
            ? new SetEvent.MoveWanted(member, "the owner moves it")
            : new SetEvent.VotersWanted([.. world.Hosts.Keys.Where(h => h[0] == 'm' || world.Random.Chance(50))]);
        world.Trace.Say("owner", $"{what}");
        controller.Actor.Run(() => controller.Feed(what));
    }
}

/// <summary>What a seed of <see cref="SetSimulator"/> led to.</summary>
public sealed record SetResult(
    ulong Seed, ImmutableArray<string> Violations, ImmutableArray<string> Trace, long Epochs, int AcknowledgedWrites, int Faults, TimeSpan Lived)
{
    /// <summary>The longest time in which no write was acknowledged, while clients wrote.</summary>
    public TimeSpan LongestPause { get; init; }
}
