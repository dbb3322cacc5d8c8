using System.CommandLine;
using OpenCluster.CommandLine;
using OpenCluster.Verbs.Files;

namespace OpenCluster.Laptop;

/// <summary><c>opencluster up FILE</c>: the cluster of a file on this machine, until Ctrl-C.</summary>
internal static class UpVerb
{
    private static readonly Option<DirectoryInfo?> Directory = new("--directory") { Description = "Where to keep the cluster (default: .opencluster beside the file)" };

    public static Command Create()
    {
        var command = new Command("up", ClientVerb.WithExamples(
            "Bring up the cluster of a file on this machine, every server a process with a loopback address of its own, and show it live. Ctrl-C or SIGTERM drains and stops. It goes on where it was the next time.",
            "opencluster up cluster.yaml", "opencluster up cluster.yaml --set repositories=$HOME/code"));
        command.Arguments.Add(FileArguments.File);
        command.Options.Add(FileArguments.Set);
        command.Options.Add(Directory);
        command.SetAction((parsed, ct) => RunAsync(parsed, ct));
        return command;
    }

    private static Task<int> RunAsync(ParseResult parsed, CancellationToken ct)
    {
        var screen = new Screen(parsed);
        return ClientVerb.GuardedAsync(screen, async () =>
        {
            var request = await FileArguments.RequestAsync(parsed, ct).ConfigureAwait(false) with { Why = "up", TakeFile = false };
            var beside = parsed.GetRequiredValue(FileArguments.File).DirectoryName!;
            var began = TimeProvider.System.GetUtcNow();
            await using var cluster = await new UpSteps(screen, TimeProvider.System)
                .BringUpAsync(request, beside, parsed.GetValue(Directory)?.FullName ?? Path.Combine(beside, Context.DirectoryName), ct).ConfigureAwait(false);
            // A shell without a terminal starts what is in its background with SIGINT ignored; SIGTERM always works.
            if (!screen.IsTerminal) screen.Say($"`kill {Environment.ProcessId}` (or Ctrl-C) drains and stops.");
            await new LiveView(screen, cluster.Api, began, TimeProvider.System).RunAsync(ct).ConfigureAwait(false);
            screen.Say("Draining and stopping …");
            await cluster.StopAsync(CancellationToken.None).ConfigureAwait(false);
            screen.Say("Stopped. State and data are kept; `opencluster up` goes on with them.");
            return ExitCode.Done;
        });
    }
}
