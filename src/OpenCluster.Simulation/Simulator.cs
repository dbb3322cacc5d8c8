using OpenCluster.Simulation.Time;

namespace OpenCluster.Simulation;

/// <summary>
/// Runs one seed: a small cluster, its owner and its clients, while things break; then a quiet time in which everything must heal.
/// The same seed and options give the same run, step for step.
/// </summary>
public static class Simulator
{
    public static SimulationResult Run(ulong seed, SimulationOptions? options = null)
    {
        options ??= new SimulationOptions();
        var world = new World(seed, options);
        var scenario = new Scenario(world.Random, options);
        var owner = new Operator(world, scenario);
        var faults = new Faults(world);

        world.Controller.Start();
        owner.Begin();
        world.Clients.Start();
        PlanActs(world, owner, faults);
        PlanChecks(world);

        var end = Timeline.Start + options.Duration + options.Quiet;
        try
        {
            while (!world.Checks.Broken && world.Timeline.Step(end))
            {
            }
        }
        catch (InvalidOperationException broken)
        {
            // A machine that finds its own state impossible says so by throwing; here that is a finding like any other.
            world.Checks.Violated(broken.Message);
        }

        if (!world.Checks.Broken)
            world.Checks.AtTheEnd(Most(world, owner, faults));
        return Result(seed, options, world, faults);
    }

    private static void PlanActs(World world, Operator owner, Faults faults)
    {
        var random = world.Random;
        // The first release needs a moment; from then on somebody uses it.
        var begin = TimeSpan.FromSeconds(35);
        world.Timeline.In(begin, () => world.Clients.On = true);
        var scale = Math.Max(1, world.Options.Duration / TimeSpan.FromMinutes(2));
        for (var left = (int)(random.Between(2, 6) * scale); left > 0; left--)
            world.Timeline.In(random.Between(begin, world.Options.Duration), owner.DoSomething);
        if (world.Options.Faults)
        {
            for (var left = (int)(random.Between(1, 8) * scale); left > 0; left--)
                world.Timeline.In(random.Between(TimeSpan.FromSeconds(5), world.Options.Duration), faults.BreakSomething);
            if (random.Chance(10))
                world.Timeline.In(begin, () => faults.Flap(random.Of([.. world.Machines.Values]), random.Between(3, 12)));
        }

        // The last word, after whatever was still asked again while the controller was dead.
        world.Timeline.In(world.Options.Duration + TimeSpan.FromSeconds(30), owner.Unpause);
    }

    private static void PlanChecks(World world)
    {
        Next();

        void Next()
        {
            world.Checks.NowAndThen();
            world.Timeline.In(TimeSpan.FromSeconds(15), Next);
        }
    }

    /// <summary>A generous bound on instances ever started: two per wanted one and deployment, one per wanted one and absence of a server.</summary>
    private static int Most(World world, Operator owner, Faults faults)
    {
        const int MostWanted = 8;
        var deployments = world.Controller.Conductor?.View().Services.Sum(s => s.Zones.Sum(z => z.Deployments.Length)) ?? 0;
        return 6 + ((deployments + owner.Pushes + 2) * 3 * MostWanted) + (faults.Absences * MostWanted);
    }

    private static SimulationResult Result(ulong seed, SimulationOptions options, World world, Faults faults)
    {
        var deployments = world.Controller.Conductor?.View().Services.SelectMany(s => s.Zones).SelectMany(z => z.Deployments).ToList() ?? [];
        return new SimulationResult
        {
            Seed = seed,
            Violations = world.Checks.Violations,
            Trace = options.Trace ? world.Trace.Lines : [],
            Stats = new SimulationStats
            {
                Virtual = world.Now - Timeline.Start,
                Steps = world.Timeline.Steps,
                Events = world.Controller.Events,
                Commits = world.Controller.Commits,
                Faults = faults.Count,
                ControllerCrashes = world.Controller.Crashes,
                Deployments = deployments.Count,
                RolledBack = deployments.Count(d => d.Phase == Decisions.RollOuts.DeploymentPhase.RolledBack),
                InstancesStarted = world.Checks.InstancesStarted,
                Requests = world.Clients.Requests,
                FailedRequests = world.Clients.Failed,
            },
        };
    }
}
