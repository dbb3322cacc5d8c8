using System.CommandLine;
using System.Globalization;
using OpenCluster.Api;
using OpenCluster.Api.Client;
using OpenCluster.Api.Views;
using OpenCluster.CommandLine;
using OpenCluster.Model.Files.Shapes;

namespace OpenCluster.Verbs.Looking;

/// <summary><c>opencluster events</c>: the cluster's story, what is kept of it and as it goes on.</summary>
internal static class EventsVerb
{
    private static readonly Option<string?> Since = new("--since") { Description = "From when on: how long ago (30m, 2h, 1d), or a time (2026-03-01T08:00)" };
    private static readonly Option<bool> NoFollow = new("--no-follow") { Description = "End with what has happened, instead of waiting for more until Ctrl-C" };

    public static Command Create() => ClientVerb.Create(
        "events", "Follow the cluster's story: what happened, and what was done about it. The last 1,000 events are kept, also when the controller starts anew.",
        ["opencluster events", "opencluster events --since 2h --no-follow", "opencluster events --json"], [Since, NoFollow], async (call, ct) =>
        {
            var from = call.Parsed.GetValue(Since) is { } since ? IdBefore(TimeOf(since, TimeProvider.System.GetUtcNow())) : 0;
            if (call.Parsed.GetValue(NoFollow))
            {
                await foreach (var happened in call.Api.EventsAsync(from, ct, follow: false).ConfigureAwait(false)) Print(call, happened);
                return ExitCode.Done;
            }

            // One that cannot be reached at all is an error; one that goes away later is waited for.
            await call.Api.StatusAsync(ct).ConfigureAwait(false);
            var story = Reconnecting.WatchAsync<EventView>((last, token) => call.Api.EventsAsync(last?.Id ?? from, token), away => Away(call.Screen, away), TimeProvider.System, ct);
            await foreach (var happened in story.ConfigureAwait(false)) Print(call, happened);
            return ExitCode.Interrupted;
        });

    /// <summary>The id after which a story begins that is to hold all from a time on; ids are times in milliseconds.</summary>
    public static long IdBefore(DateTimeOffset time) => Math.Max(0, time.ToUnixTimeMilliseconds() - 1);

    /// <exception cref="FormatException">It is neither.</exception>
    internal static DateTimeOffset TimeOf(string since, DateTimeOffset now) =>
        Durations.TryParse(since, out var ago) ? now - ago
        : DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var at) ? at
        : throw new FormatException($"--since \"{since}\" is neither how long ago nor a time; write it as 30m, 2h, 1d or 2026-03-01T08:00.");

    private static void Away(Screen screen, Exception away) => screen.Say($"[yellow]{Screen.Plain(away.Message)} Waiting for it; Ctrl-C ends.[/]");

    private static void Print(Call call, EventView happened)
    {
        if (call.Json) call.Screen.Json(happened, ApiJson.Default.EventView);
        else Print(call.Screen, happened);
    }

    public static void Print(Screen screen, EventView happened)
    {
        var at = happened.At.ToLocalTime();
        var day = at.Date == TimeProvider.System.GetLocalNow().Date ? "" : $"{at:yyyy-MM-dd} ";
        screen.Markup($"[grey]{day}{at:HH:mm:ss}[/]  {Coloured(happened)}");
        foreach (var line in happened.Evidence) screen.Markup($"          [grey]│ {Screen.Plain(line)}[/]");
    }

    /// <summary>The sentence, which names its subject, in the colour of its weight.</summary>
    public static string Coloured(EventView happened) => happened.Weight switch
    {
        "good" => $"[green]{Screen.Plain(happened.Text)}[/]",
        "warning" => $"[yellow]{Screen.Plain(happened.Text)}[/]",
        "trouble" => $"[red]{Screen.Plain(happened.Text)}[/]",
        _ => Screen.Plain(happened.Text),
    };
}
