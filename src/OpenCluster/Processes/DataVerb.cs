using System.CommandLine;
using System.Globalization;
using System.Net;
using OpenCluster.Agent.Processes;
using OpenCluster.Data;
using OpenCluster.Data.Durability;

namespace OpenCluster.Processes;

/// <summary><c>opencluster data</c>: a hash map that speaks the Redis protocol, at HOST and PORT of its environment as any service.</summary>
internal static class DataVerb
{
    private static readonly Option<DirectoryInfo> Directory = new("--directory") { Description = "Where its log lives; without it nothing is kept" };
    private static readonly Option<string?> Address = new("--address") { Description = "IP address to listen at; default HOST of the environment, or 127.0.0.1" };
    private static readonly Option<int?> Port = new("--port") { Description = "Port to listen at; default PORT of the environment, or 6379" };
    private static readonly Option<string> Fsync = new("--fsync") { Description = "When the log is synced: always, everysec or no", DefaultValueFactory = _ => "everysec" };
    private static readonly Option<int> Threads = new("--threads") { Description = "Threads that read and send", DefaultValueFactory = _ => 1 };

    public static Command Create()
    {
        Fsync.AcceptOnlyFromAmong("always", "everysec", "no");
        return ProcessVerb.Create("data", "Run a data server: a hash map for many tenants that speaks the Redis protocol.",
            [Directory, Address, Port, Fsync, Threads], (parsed, ct) =>
            {
                RuntimeSettings.Require(RuntimeNeeds.DataPath);
                var options = new DataOptions
                {
                    Directory = parsed.GetValue(Directory)?.FullName,
                    Address = IPAddress.Parse(parsed.GetValue(Address) ?? Environment.GetEnvironmentVariable("HOST") ?? "127.0.0.1"),
                    Port = parsed.GetValue(Port) ?? (int.TryParse(Environment.GetEnvironmentVariable("PORT"), CultureInfo.InvariantCulture, out var port) ? port : 6379),
                    Fsync = parsed.GetValue(Fsync) switch { "always" => FsyncPolicy.Always, "no" => FsyncPolicy.No, _ => FsyncPolicy.EverySecond },
                    Threads = parsed.GetValue(Threads),
                };
                return DataHost.RunAsync(options, Console.Error.WriteLine, TimeProvider.System, ct);
            });
    }
}
