using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Files;

/// <summary><c>opencluster plan FILE</c>: what would change, and why; changes nothing.</summary>
internal static class PlanVerb
{
    public static Command Create() => ClientVerb.Create(
        "plan", "Show what applying a file would create, change, move or remove, per server, and why. Changes nothing.",
        ["opencluster plan cluster.yaml", "opencluster plan cluster.yaml --set domain=example.org"],
        [FileArguments.File, FileArguments.Set, FileArguments.TakeFile], async (call, ct) =>
        {
            var request = await FileArguments.RequestAsync(call.Parsed, ct).ConfigureAwait(false) with { TakeFile = call.Parsed.GetValue(FileArguments.TakeFile) };
            var plan = await call.Api.PlanAsync(request, ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(plan, ApiJson.Default.PlanView);
            else FileArguments.Print(call.Screen, plan);
            return ExitCode.Done;
        });
}
