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
        screen.Markup($"[grey]{happened.At.ToLocalTime():HH:mm:ss}[/]  {Coloured(happened)}");
        foreach (var line in happened.Evidence) screen.Markup($"          [grey]│ {Screen.Plain(line)}[/]");
    }

    /// <summary>The sentence, which names its subject, in the colour of its weight.</summary>
    public static string Coloured(EventView happened) => happened.Weight switch
    {
        "Good" => $"[green]{Screen.Plain(happened.Text)}[/]",
        "Warning" => $"[yellow]{Screen.Plain(happened.Text)}[/]",
        "Trouble" => $"[red]{Screen.Plain(happened.Text)}[/]",
        _ => Screen.Plain(happened.Text),
    };
}
