using System.CommandLine;
using System.Globalization;
using OpenCluster.CommandLine;
using OpenCluster.Simulation;

namespace OpenCluster.Verbs;

/// <summary><c>opencluster simulate</c>: the product's own decisions in a simulated world that breaks by seed.</summary>
internal static class SimulateVerb
{
    private static readonly Option<string?> Seed = new("--seed") { Description = "Replay this seed and print its story step for step" };
    private static readonly Option<int> Seconds = new("--seconds") { Description = "Without --seed: try seeds for so long, 1 to 86,400", DefaultValueFactory = _ => 60 };
    private static readonly Option<bool> NoFaults = new("--no-faults") { Description = "Nothing breaks; then not one request may fail" };

    public static Command Create()
    {
        var command = new Command("simulate", ClientVerb.WithExamples(
            "Run the cluster's decisions in simulated time with seeded faults, and check what must always hold. A broken seed replays exactly.",
            "opencluster simulate", "opencluster simulate --seed 42 | less"));
        command.Options.Add(Seed);
        command.Options.Add(Seconds);
        command.Options.Add(NoFaults);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var screen = new Screen();
        var options = new SimulationOptions { Faults = !parsed.GetValue(NoFaults) };
        if (parsed.GetValue(Seed) is not { } text) return Search(screen, options, TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(Seconds), 1, 86_400)));
        if (!ulong.TryParse(text, CultureInfo.InvariantCulture, out var seed))
        {
            screen.Error($"--seed {text}: a seed is a whole number from 0 to {ulong.MaxValue}.");
            return ExitCode.Usage;
        }

        var result = Simulator.Run(seed, options with { Trace = true });
        foreach (var line in result.Trace) screen.Line(line);
        return Judge(screen, result, options);
    }

    private static int Search(Screen screen, SimulationOptions options, TimeSpan limit)
    {
        var started = TimeProvider.System.GetTimestamp();
        var (seeds, lived) = (0, TimeSpan.Zero);
        for (ulong seed = 1; TimeProvider.System.GetElapsedTime(started) < limit; seed++, seeds++)
        {
            var result = Simulator.Run(seed, options);
            lived += result.Stats.Virtual;
            if (!result.Violations.IsEmpty) return Judge(screen, result, options);
        }

        screen.Line($"{seeds:N0} seeds, {lived.TotalHours:N1} simulated hours: everything held.");
        return ExitCode.Done;
    }

    private static int Judge(Screen screen, SimulationResult result, SimulationOptions options)
    {
        if (result.Violations.IsEmpty)
        {
            screen.Say($"[green]Everything held[/] in {result.Stats.Virtual.TotalSeconds:N0} simulated seconds: {result.Stats.Faults} faults, {result.Stats.Deployments} deployments, {result.Stats.Requests:N0} requests.");
            return ExitCode.Done;
        }

        foreach (var violation in result.Violations) screen.Say($"[red]violated:[/] {Screen.Plain(violation)}");
        screen.Say($"Replay it: opencluster simulate --seed {result.Seed}{(options.Faults ? "" : " --no-faults")}");
        return ExitCode.Failed;
    }
}
