using System.CommandLine;
using System.Net;
using OpenCluster.Agent.Processes;
using OpenCluster.Controller;

namespace OpenCluster.Processes;

/// <summary><c>opencluster controller</c>: holds the desired state and serves the API.</summary>
internal static class ControllerVerb
{
    private static readonly Option<DirectoryInfo> Directory = new("--directory") { Description = "Where its state lives; one controller at a time", Required = true };
    private static readonly Option<string> Address = new("--address") { Description = "IP address to serve the API at", DefaultValueFactory = _ => "127.0.0.1" };
    private static readonly Option<int> Port = new("--port") { Description = "Port to serve the API at", DefaultValueFactory = _ => 7400 };
    private static readonly Option<FileInfo?> Bootstrap = new("--bootstrap") { Description = "File of tokens made beforehand (mode 0600)" };

    private static readonly Option<FileInfo?> SecretsKey = new("--secrets-key") { Description = "File with the key that secrets are sealed with (default: secrets.key in the directory)" };

    public static Command Create() => ProcessVerb.Create(
        "controller", "Run a controller: it holds the desired state, observes, decides, and tells agents and load-balancers.",
        [Directory, Address, Port, Bootstrap, SecretsKey], (parsed, ct) =>
        {
            RuntimeSettings.Require(RuntimeNeeds.SmallHeap);
            _ = SpareMemory.GiveBackAsync(heap: true, TimeProvider.System, ct);
            var options = new ControllerOptions
            {
                Directory = parsed.GetRequiredValue(Directory).FullName,
                Address = IPAddress.Parse(parsed.GetRequiredValue(Address)),
                Port = parsed.GetValue(Port),
                BootstrapFile = parsed.GetValue(Bootstrap)?.FullName,
                SecretsKeyFile = parsed.GetValue(SecretsKey)?.FullName,
            };
            return ControllerHost.RunAsync(options, TimeProvider.System, ct);
        });
}
