using System.CommandLine;
using System.Globalization;
using System.Net;
using OpenCluster.Agent.Processes;
using OpenCluster.Data;
using OpenCluster.Data.Durability;
using OpenCluster.Verbs.Data;

namespace OpenCluster.Processes;

/// <summary><c>opencluster data</c>: a hash map that speaks the Redis protocol, at HOST and PORT of its environment as any service.</summary>
internal static class DataVerb
{
    private static readonly Option<DirectoryInfo> Directory = new("--directory") { Description = "Where its log lives; without it nothing is kept" };
    private static readonly Option<string?> Address = new("--address") { Description = "IP address to listen at; default HOST of the environment, or 127.0.0.1" };
    private static readonly Option<int?> Port = new("--port") { Description = "Port to listen at; default PORT of the environment, or 6379" };
    private static readonly Option<string> Fsync = new("--fsync") { Description = "When the log is synced: always, everysec or no", DefaultValueFactory = _ => "everysec" };
    private static readonly Option<int> Threads = new("--threads") { Description = "Threads that read and send, 1 to 64", DefaultValueFactory = _ => 1 };
    private static readonly Option<FileInfo?> Spaces = new("--spaces") { Description = "File of spaces with limits and users, read again at SIGHUP; without it anybody who reaches the port opens the one space" };
    private static readonly Option<DirectoryInfo> Damaged = new("--directory") { Description = "Where its log lives", Required = true };

    public static Command Create()
    {
        Fsync.AcceptOnlyFromAmong("always", "everysec", "no");
        Threads.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 64) result.AddError("--threads takes 1 to 64.");
        });
        var verb = new Command("data", "Spaces of a cluster (status, move-primary, access); or by itself: run a data server, a hash map for many tenants that speaks the Redis protocol.") { Directory, Address, Port, Fsync, Threads, Spaces };
        verb.SetAction((parsed, ct) => ProcessVerb.RunAsync("data", parsed, RunAsync, ct));
        verb.Subcommands.Add(Repair());
        foreach (var space in (Command[])[DataStatusVerb.Create(), MovePrimaryVerb.Create(), DataAccessVerb.Create()]) verb.Subcommands.Add(space);
        return verb;
    }

    private static Task RunAsync(ParseResult parsed, CancellationToken ct)
    {
        RuntimeSettings.Require(RuntimeNeeds.DataPath);
        var options = new DataOptions
        {
            Directory = parsed.GetValue(Directory)?.FullName,
            Address = IPAddress.Parse(parsed.GetValue(Address) ?? Environment.GetEnvironmentVariable("HOST") ?? "127.0.0.1"),
            Port = parsed.GetValue(Port) ?? (int.TryParse(Environment.GetEnvironmentVariable("PORT"), CultureInfo.InvariantCulture, out var port) ? port : 6379),
            Fsync = parsed.GetValue(Fsync) switch { "always" => FsyncPolicy.Always, "no" => FsyncPolicy.No, _ => FsyncPolicy.EverySecond },
            Threads = parsed.GetValue(Threads),
            Spaces = parsed.GetValue(Spaces)?.FullName,
        };
        return DataHost.RunAsync(options, Console.Error.WriteLine, TimeProvider.System, ct);
    }

    private static Command Repair()
    {
        var verb = new Command("repair", "Cut a damaged log where the damage begins, so that the server starts again with what was before. What is cut is kept beside. Stop the server first.") { Damaged };
        verb.SetAction((parsed, ct) => ProcessVerb.RunAsync("data repair", parsed, (_, _) =>
        {
            DataRepair.Run(parsed.GetRequiredValue(Damaged).FullName, TimeProvider.System, Console.Error.WriteLine);
            return Task.CompletedTask;
        }, ct));
        return verb;
    }
}
