using System.CommandLine;
using System.Globalization;
using OpenCluster.Agent.Processes;
using OpenCluster.Api.Client;
using OpenCluster.LoadBalancer;
using OpenCluster.LoadBalancer.Configuration;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Processes;

/// <summary><c>opencluster load-balancer</c>: serves the snapshots of a controller, or the last good one on disk.</summary>
internal static class LoadBalancerVerb
{
    private static readonly Option<DirectoryInfo> Directory = new("--directory") { Description = "Holds the last good snapshot and the hand-over socket", Required = true };
    private static readonly Option<string> Instance = new("--instance") { Description = "Instance id that snapshots and reports are for", Required = true };

    private static readonly Option<DirectoryInfo?> Identity = new("--identity") { Description = "Holds its key and certificate, which the agent keeps fresh" };

    public static Command Create() => ProcessVerb.Create(
        "load-balancer", "Run a load-balancer. Without --controller it serves the last good snapshot of its directory.",
        [Directory, Instance, Identity], async (parsed, ct) =>
        {
            RuntimeSettings.Require(RuntimeNeeds.DataPath);
            _ = SpareMemory.GiveBackAsync(heap: false, TimeProvider.System, ct);
            var directory = parsed.GetRequiredValue(Directory).FullName;
            var options = new LoadBalancerOptions
            {
                Directory = directory,
                InstanceId = parsed.GetRequiredValue(Instance),
                MetricsAddress = Environment.GetEnvironmentVariable("HOST") ?? "127.0.0.1",
                MetricsPort = int.TryParse(Environment.GetEnvironmentVariable("PORT"), CultureInfo.InvariantCulture, out var port) ? port : 0,
                AccessLog = Path.Combine(directory, "access.log"),
            };
            using var api = Connect(parsed);
            var source = api is null ? null : new ControllerSource(api, options.InstanceId, Console.Error.WriteLine, TimeProvider.System);
            await LoadBalancerHost.RunAsync(options, source, Console.Error.WriteLine, TimeProvider.System, ct).ConfigureAwait(false);
        });

    private static ApiClient? Connect(ParseResult parsed)
    {
        if (parsed.GetValue(CommandLine.ClientVerb.Controller) is not { } url) return null;
        var identity = parsed.GetValue(Identity) is { } directory ? new CredentialFiles(directory.FullName) : null;
        return new ApiClient(new Uri(url), null, TimeProvider.System, identity is null ? null : identity.Read);
    }
}
