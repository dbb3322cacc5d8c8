using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;
using OpenCluster.Verbs.Files;

namespace OpenCluster.Verbs.Apps;

/// <summary><c>opencluster lb purge</c>: cached answers out of all load-balancers.</summary>
internal static class PurgeVerb
{
    private static readonly Option<string> Route = new("--route") { Description = "Only of this route", DefaultValueFactory = _ => "" };
    private static readonly Option<string> Path = new("--path") { Description = "Only of this path; with * at its end of all that begin so", DefaultValueFactory = _ => "" };
    private static readonly Option<string> Tag = new("--tag") { Description = "Only answers with this tag in Cache-Tag", DefaultValueFactory = _ => "" };
    private static readonly Option<bool> All = new("--all") { Description = "Everything, of every route" };

    public static Command Create() => ClientVerb.Create(
        "purge", "Throw cached answers out of all load-balancers; the next requests go to the instances.",
        ["opencluster lb purge --route mobile --path '/api/products/*'", "opencluster lb purge --tag product-17 --why 'price was wrong'"],
        [Route, Path, Tag, All, FileArguments.Why], async (call, ct) =>
        {
            var request = new CachePurgeRequest(call.Parsed.GetRequiredValue(Route), call.Parsed.GetRequiredValue(Path), call.Parsed.GetRequiredValue(Tag), call.Parsed.GetRequiredValue(FileArguments.Why));
            if (!call.Parsed.GetValue(All) && request is { Route: "", Path: "", Tag: "" })
            {
                call.Screen.Error("usage", "purge what? Give --route, --path or --tag, or --all for everything.");
                return ExitCode.Usage;
            }
            var purge = await call.Api.PurgeAsync(request, ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(purge, ApiJson.Default.CachePurgeView);
            else call.Screen.Markup($"purge {purge.Number} is on its way to the load-balancers");
            return ExitCode.Done;
        });
}
