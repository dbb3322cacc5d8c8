using System.CommandLine;
using System.Globalization;
using OpenCluster.Agent.Processes;
using OpenCluster.LoadBalancer;

namespace OpenCluster.Processes;

/// <summary><c>opencluster web --root DIR</c>: the static web server, at HOST and PORT of its environment as any service.</summary>
internal static class WebVerb
{
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(10);
    private static readonly Option<DirectoryInfo> Root = new("--root") { Description = "Directory to serve", Required = true };

    public static Command Create() => ProcessVerb.Create(
        "web", "Serve a directory as a static website at HOST and PORT of the environment.", [Root], (parsed, ct) =>
        {
            RuntimeSettings.Require(RuntimeNeeds.DataPath);
            var host = Environment.GetEnvironmentVariable("HOST") ?? "127.0.0.1";
            if (!int.TryParse(Environment.GetEnvironmentVariable("PORT"), CultureInfo.InvariantCulture, out var port))
                throw new IOException("PORT is not set: it says where to listen (PORT=8000 opencluster web --root .).");
            return StaticWebHost.RunAsync(host, port, parsed.GetRequiredValue(Root).FullName, accessLog: null, DrainLimit, TimeProvider.System, ct);
        });
}
