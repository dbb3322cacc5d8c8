using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Files;

/// <summary><c>opencluster undo</c>: back one applied version; never a release, never data.</summary>
internal static class UndoVerb
{
    public static Command Create() => ClientVerb.Create(
        "undo", "Go back one applied version of the file. Releases and data stay as they are.",
        ["opencluster undo --why 'wrong role'"], [FileArguments.Why], async (call, ct) =>
        {
            var undone = await call.Api.UndoAsync(new UndoRequest(call.Parsed.GetRequiredValue(FileArguments.Why)), ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(undone, ApiJson.Default.ApplyView);
            else
            {
                FileArguments.Print(call.Screen, undone.Plan);
                call.Screen.Markup($"Undone; version {undone.Version} is now applied.");
            }

            return ExitCode.Done;
        });
}
