using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using OpenCluster.CommandLine;
using OpenCluster.Simulation;
using OpenCluster.Simulation.Sets;

namespace OpenCluster.Verbs;

/// <summary><c>opencluster simulate</c>: the product's own decisions in a simulated world that breaks by seed.</summary>
internal static class SimulateVerb
{
    private static readonly Option<string?> Seed = new("--seed") { Description = "Replay this seed and print its story step for step" };
    private static readonly Option<int> Seconds = new("--seconds") { Description = "Without --seed: try seeds for so long, 1 to 86,400", DefaultValueFactory = _ => 60 };
    private static readonly Option<bool> Set = new("--set") { Description = "A replicated set and its fail-overs, instead of a cluster with services" };
    private static readonly Option<bool> NoFaults = new("--no-faults") { Description = "Nothing breaks; then not one request may fail" };

    public static Command Create()
    {
        var command = new Command("simulate", ClientVerb.WithExamples(
            "Run the cluster's decisions in simulated time with seeded faults, and check what must always hold. A broken seed replays exactly.",
            "opencluster simulate", "opencluster simulate --seed 42 | less", "opencluster simulate --set --seconds 10"));
        command.Options.Add(Seed);
        command.Options.Add(Seconds);
        command.Options.Add(Set);
        command.Options.Add(NoFaults);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var screen = new Screen(parsed);
        var (set, faults) = (parsed.GetValue(Set), !parsed.GetValue(NoFaults));
        var flags = (set ? " --set" : "") + (faults ? "" : " --no-faults");
        Func<ulong, bool, Story> play = set ? (seed, trace) => ReplicatedSet(seed, faults, trace) : (seed, trace) => Cluster(seed, faults, trace);
        if (parsed.GetValue(Seed) is not { } text) return Search(screen, play, flags, TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(Seconds), 1, 86_400)));
        if (!ulong.TryParse(text, CultureInfo.InvariantCulture, out var seed))
        {
            screen.Error("usage", $"--seed {text}: a seed is a whole number from 0 to {ulong.MaxValue}.");
            return ExitCode.Usage;
        }

        var story = play(seed, true);
        foreach (var line in story.Trace) screen.Line(line);
        return Judge(screen, story, flags);
    }

    private static int Search(Screen screen, Func<ulong, bool, Story> play, string flags, TimeSpan limit)
    {
        var started = TimeProvider.System.GetTimestamp();
        var (seeds, lived) = (0, TimeSpan.Zero);
        for (ulong seed = 1; TimeProvider.System.GetElapsedTime(started) < limit; seed++, seeds++)
        {
            var story = play(seed, false);
            lived += story.Lived;
            if (!story.Violations.IsEmpty) return Judge(screen, story, flags);
        }

        screen.Line($"{seeds:N0} seeds, {lived.TotalHours:N1} simulated hours: everything held.");
        return ExitCode.Done;
    }

    private static int Judge(Screen screen, Story story, string flags)
    {
        if (story.Violations.IsEmpty)
        {
            screen.Say($"[green]Everything held[/] in {story.Lived.TotalSeconds:N0} simulated seconds: {story.Sum}.");
            return ExitCode.Done;
        }

        foreach (var violation in story.Violations) screen.Say($"[red]violated:[/] {Screen.Plain(violation)}");
        screen.Say($"Replay it: opencluster simulate --seed {story.Seed}{flags}");
        return ExitCode.Failed;
    }

    private static Story Cluster(ulong seed, bool faults, bool trace)
    {
        var result = Simulator.Run(seed, new SimulationOptions { Faults = faults, Trace = trace });
        return new(seed, result.Violations, result.Trace, result.Stats.Virtual, $"{result.Stats.Faults} faults, {result.Stats.Deployments} deployments, {result.Stats.Requests:N0} requests");
    }

    private static Story ReplicatedSet(ulong seed, bool faults, bool trace)
    {
        var result = SetSimulator.Run(seed, faults, trace);
        return new(seed, result.Violations, result.Trace, result.Lived, $"{result.Faults} faults, {result.Epochs} epochs, {result.AcknowledgedWrites:N0} acknowledged writes");
    }

    /// <summary>What one seed led to, in either world.</summary>
    private sealed record Story(ulong Seed, ImmutableArray<string> Violations, ImmutableArray<string> Trace, TimeSpan Lived, string Sum);
}
