using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Files;

/// <summary><c>opencluster history</c>.</summary>
internal static class HistoryVerb
{
    public static Command Create() => ClientVerb.Create(
        "history", "List the applied versions of the file: when, by whom, why, what changed.",
        ["opencluster history"], [], async (call, ct) =>
        {
            var versions = await call.Api.HistoryAsync(ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(versions, ApiJson.Default.ImmutableArrayVersionView);
            else
            {
                call.Screen.Table(["version", "when", "by", "why", "changed"],
                    versions.Select(v => (string[])
                    [
                        v.Current ? $"[green]{v.Version}[/]" : $"{v.Version}", $"{v.At.ToLocalTime():yyyy-MM-dd HH:mm:ss}",
                        Screen.Plain(v.By), Screen.Plain(v.Why), Screen.Plain(string.Join(", ", v.Changes.Take(6)) + (v.Changes.Length > 6 ? $" and {v.Changes.Length - 6} more" : "")),
                    ]), "nothing was applied yet");
            }

            return ExitCode.Done;
        });
}
