using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Views;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Looking;

/// <summary><c>opencluster events</c>: the cluster's story as it happens.</summary>
internal static class EventsVerb
{
    public static Command Create() => ClientVerb.Create(
        "events", "Follow the cluster's story: what happened, and what was done about it.",
        ["opencluster events", "opencluster events --json"], [], async (call, ct) =>
        {
            await foreach (var happened in call.Api.EventsAsync(0, ct).ConfigureAwait(false))
            {
                if (call.Json) call.Screen.Json(happened, ApiJson.Default.EventView);
                else Print(call.Screen, happened);
            }

            return ExitCode.Done;
        });

    public static void Print(Screen screen, EventView happened)
    {
        var colour = happened.Weight switch { "Good" => "green", "Warning" => "yellow", "Trouble" => "red", _ => "blue" };
        screen.Markup($"[grey]{happened.At.ToLocalTime():HH:mm:ss}[/] [{colour}]{Screen.Plain(happened.Subject)}[/] {Screen.Plain(happened.Text)}");
        foreach (var line in happened.Evidence) screen.Markup($"         [grey]│ {Screen.Plain(line)}[/]");
    }
}
