using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Data;

/// <summary><c>opencluster data access</c>: how an application reaches a space.</summary>
internal static class DataAccessVerb
{
    private static readonly Argument<string> Space = new("space") { Description = "The space" };

    public static Command Create() => ClientVerb.Create(
        "access", "Print the URL of a space, with its user and password. For administrators.",
        ["redis-cli -u \"$(opencluster data access orders)\" set greeting hello"], [Space], async (call, ct) =>
        {
            var access = await call.Api.SpaceAccessAsync(call.Parsed.GetRequiredValue(Space), ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(access, ApiJson.Default.SpaceAccessView);
            else if (access.Url is { } url) Console.Out.WriteLine(url);
            else call.Screen.Error("no-primary", $"{access.Space} has no primary now; see `opencluster data status`");
            return access.Url is null ? ExitCode.Failed : ExitCode.Done;
        });
}
