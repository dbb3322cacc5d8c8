using System.CommandLine;
using System.Globalization;
using OpenCluster.Agent.Processes;
using OpenCluster.LoadBalancer;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Processes;

/// <summary><c>opencluster web --root DIR</c>: the static web server, at HOST and PORT of its environment as any service.</summary>
internal static class WebVerb
{
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(10);
    private static readonly Option<DirectoryInfo> Root = new("--root") { Description = "Directory to serve", Required = true };
    private static readonly Option<string> Fallback = new("--fallback") { Description = "Served where a page does not exist: /index.html", DefaultValueFactory = _ => "" };
    private static readonly Option<string> NotFound = new("--not-found") { Description = "The page that goes with a 404", DefaultValueFactory = _ => "" };
    private static readonly Option<string> FreshFor = new("--fresh-for") { Description = "How long browsers may use a file without asking again: 5m", DefaultValueFactory = _ => "0s" };
    private static readonly Option<string[]> Immutable = new("--immutable") { Description = "A path whose files never change; may be repeated" };
    private static readonly Option<bool> Uncompressed = new("--uncompressed") { Description = "Do not compress texts that have no compressed file beside them" };

    public static Command Create() => ProcessVerb.Create(
        "web", "Serve a directory as a static website at HOST and PORT of the environment.", [Root, Fallback, NotFound, FreshFor, Immutable, Uncompressed], (parsed, ct) =>
        {
            RuntimeSettings.Require(RuntimeNeeds.DataPath);
            _ = SpareMemory.GiveBackAsync(heap: false, TimeProvider.System, ct);
            var host = Environment.GetEnvironmentVariable("HOST") ?? "127.0.0.1";
            if (!int.TryParse(Environment.GetEnvironmentVariable("PORT"), CultureInfo.InvariantCulture, out var port))
                throw new IOException("PORT is not set: it says where to listen (PORT=8000 opencluster web --root .).");
            return StaticWebHost.RunAsync(host, port, parsed.GetRequiredValue(Root).FullName, Rule(parsed), accessLog: null, DrainLimit, TimeProvider.System, ct);
        });

    private static WebRule Rule(ParseResult parsed)
    {
        var freshFor = parsed.GetRequiredValue(FreshFor);
        if (!Durations.TryParse(freshFor, out var duration)) throw new IOException($"--fresh-for {freshFor} is not a duration. Write it like 30s, 5m or 1d.");
        return new WebRule
        {
            Fallback = parsed.GetRequiredValue(Fallback),
            NotFound = parsed.GetRequiredValue(NotFound),
            FreshFor = duration,
            Immutable = [.. parsed.GetValue(Immutable) ?? []],
            Compress = !parsed.GetValue(Uncompressed),
        };
    }
}
