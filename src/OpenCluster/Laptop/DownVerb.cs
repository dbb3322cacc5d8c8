using System.CommandLine;
using OpenCluster.CommandLine;

namespace OpenCluster.Laptop;

/// <summary><c>opencluster down</c>: drains and stops a cluster that was left up here, by <c>demo --keep</c> or by an <c>up</c> that was killed.</summary>
internal static class DownVerb
{
    public static Command Create()
    {
        var command = new Command("down", ClientVerb.WithExamples(
            "Drain and stop the cluster of this directory that was left up on this machine. State and data are kept.", "opencluster down"));
        command.SetAction(RunAsync);
        return command;
    }

    private static Task<int> RunAsync(ParseResult parsed, CancellationToken ct)
    {
        var screen = new Screen(parsed);
        return ClientVerb.GuardedAsync(screen, async () =>
        {
            var context = Context.Find(null, null, null) ?? throw new IOException($"No cluster here: no {Context.DirectoryName} in this directory or above it.");
            await using var cluster = LaptopCluster.Open(context, TimeProvider.System);
            await cluster.StopAsync(ct).ConfigureAwait(false);
            screen.Say("Stopped. State and data are kept; `opencluster up` goes on with them.");
            return ExitCode.Done;
        });
    }
}
