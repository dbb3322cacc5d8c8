using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.CommandLine;
using OpenCluster.Verbs.Deploying;

namespace OpenCluster.Verbs.Files;

/// <summary><c>opencluster apply FILE</c>: shows the plan, asks, does it.</summary>
internal static class ApplyVerb
{
    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Do not ask" };

    public static Command Create() => ClientVerb.Create(
        "apply", "Show the plan of a file, ask, and make it so. What the file does not declare is never touched.",
        ["opencluster apply cluster.yaml", "opencluster apply cluster.yaml --yes --why 'second web server'"],
        [FileArguments.File, FileArguments.Set, FileArguments.TakeFile, FileArguments.Why, Yes], async (call, ct) =>
        {
            var request = await FileArguments.RequestAsync(call.Parsed, ct).ConfigureAwait(false) with
            {
                TakeFile = call.Parsed.GetValue(FileArguments.TakeFile),
                Why = call.Parsed.GetRequiredValue(FileArguments.Why),
            };
            var plan = await call.Api.PlanAsync(request, ct).ConfigureAwait(false);
            if (!call.Json) FileArguments.Print(call.Screen, plan);
            if (!call.Parsed.GetValue(Yes))
            {
                if (plan.Empty && !call.Json) return ExitCode.Done;
                if (!call.Screen.Confirm("Apply this?"))
                {
                    call.Screen.Say("Nothing was changed. [grey](--yes applies without asking)[/]");
                    return ExitCode.Failed;
                }
            }

            // What was shown is what is applied: a version that came in between is refused.
            var applied = await call.Api.ApplyAsync(request with { ExpectedVersion = plan.Version }, ct).ConfigureAwait(false);
            await DirectorySources.DeployAsync(call.Api, FileArguments.Read(request).Cluster, call.Parsed.GetRequiredValue(FileArguments.File).DirectoryName!, ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(applied, ApiJson.Default.ApplyView);
            else call.Screen.Markup($"Applied as version {applied.Version}. [grey]`opencluster undo` goes back.[/]");
            return ExitCode.Done;
        });
}
