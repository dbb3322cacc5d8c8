using System.CommandLine;
using System.Net.Sockets;
using OpenCluster.CommandLine;
using OpenCluster.Store.Journaling;

namespace OpenCluster.Processes;

/// <summary>The shape of verbs that are a part of the cluster: run until SIGTERM, and say on standard error why not.</summary>
internal static class ProcessVerb
{
    public static Command Create(string name, string description, IEnumerable<Option> options, Func<ParseResult, CancellationToken, Task> run)
    {
        var command = new Command(name, description + " Agents start it; by hand it is for looking closer.");
        foreach (var option in options) command.Options.Add(option);
        command.SetAction((parsed, ct) => RunAsync(name, parsed, run, ct));
        return command;
    }

    /// <summary>Runs a part until it ends or is ended, and answers its exit code.</summary>
    public static async Task<int> RunAsync(string name, ParseResult parsed, Func<ParseResult, CancellationToken, Task> run, CancellationToken ct)
    {
        try
        {
            await run(parsed, ct).ConfigureAwait(false);
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return ExitCode.Done;
        }
        catch (Exception wrong) when (wrong is Agent.AgentException or Controller.ControllerStartException or IOException or UnauthorizedAccessException or FormatException
            or SocketException or Data.Spaces.SpacesFileException or Store.StoreInUseException or JournalDamagedException or JournalVersionException or JournalWriteException)
        {
            await Console.Error.WriteLineAsync($"opencluster {name}: {wrong.Message}").ConfigureAwait(false);
            return ExitCode.Failed;
        }
    }
}
