using System.CommandLine;
using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Deploying;

/// <summary><c>opencluster rollback SERVICE</c>.</summary>
internal static class RollbackVerb
{
    private static readonly Argument<string> Service = new("SERVICE") { Description = "Service to take back" };
    private static readonly Option<string?> Zone = new("--zone") { Description = "In this zone (needed only where it goes to several)" };
    private static readonly Option<int?> Release = new("--to") { Description = "To this release (default: the one before)" };

    public static Command Create() => ClientVerb.Create(
        "rollback", "Go back to an earlier release of a service; rolls out like a deployment.",
        ["opencluster rollback api", "opencluster rollback api --zone development --to 12"], [Service, Zone, Release, Files.FileArguments.Why], async (call, ct) =>
        {
            var parsed = call.Parsed;
            var asked = await call.Api.RollBackAsync(
                new RollBackRequest(parsed.GetRequiredValue(Service), parsed.GetValue(Zone), parsed.GetValue(Release), parsed.GetRequiredValue(Files.FileArguments.Why)), ct).ConfigureAwait(false);
            return await Following.UntilEndedAsync(call, asked.Deployments, ct).ConfigureAwait(false);
        });
}
