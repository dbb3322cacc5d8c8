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
                        Screen.Plain(v.By), Screen.Plain(v.Why), Screen.Plain(Summary(v.Changes)),
                    ]), "nothing was applied yet");
            }

            return ExitCode.Done;
        });

    /// <summary>Which objects changed; the lines below them, which say how, are for <c>--json</c>.</summary>
    private static string Summary(IEnumerable<string> changes)
    {
        const int Most = 4;
        var objects = changes.Where(c => !c.StartsWith(' ')).ToList();
        return string.Join(", ", objects.Take(Most)) + (objects.Count > Most ? $" and {objects.Count - Most} more" : "");
    }
}
