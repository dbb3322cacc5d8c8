using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Deploying;

/// <summary><c>opencluster deploy SERVICE</c>: the newest commit of its branches, a given one, or a working directory.</summary>
internal static class DeployVerb
{
    private static readonly Argument<string> Service = new("SERVICE") { Description = "Service to deploy" };
    private static readonly Option<string?> Zone = new("--zone") { Description = "Only into this zone (default: every zone it goes to)" };
    private static readonly Option<string?> Branch = new("--branch") { Description = "Head of this branch instead of the zone's own" };
    private static readonly Option<string?> Commit = new("--commit") { Description = "This commit, by its full name" };
    private static readonly Option<DirectoryInfo?> From = new("--from") { Description = "This working directory as it is, uncommitted work included" };
    private static readonly Option<bool> Detach = new("--detach") { Description = "Do not wait for the end" };

    public static Command Create() => ClientVerb.Create(
        "deploy", "Build and roll out a service; waits for the end and says why when it was rolled back.",
        ["opencluster deploy api", "opencluster deploy api --zone development --branch try-this", "opencluster deploy website --from ./website"],
        [Service, Zone, Branch, Commit, From, Detach, Files.FileArguments.Why], async (call, ct) =>
        {
            var digest = call.Parsed.GetValue(From) is { } directory ? await DirectorySources.UploadAsync(call.Api, directory, ct).ConfigureAwait(false) : null;
            var asked = await call.Api.DeployAsync(new DeployRequest
            {
                Service = call.Parsed.GetRequiredValue(Service),
                Zone = call.Parsed.GetValue(Zone),
                Branch = call.Parsed.GetValue(Branch),
                Commit = call.Parsed.GetValue(Commit),
                SourceDigest = digest,
                Why = call.Parsed.GetRequiredValue(Files.FileArguments.Why),
            }, ct).ConfigureAwait(false);
            if (!call.Parsed.GetValue(Detach)) return await Following.UntilEndedAsync(call, asked.Deployments, ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(asked, ApiJson.Default.DeployView);
            else foreach (var deployment in asked.Deployments) call.Screen.Line(deployment);
            return ExitCode.Done;
        });
}
