using System.Collections.Concurrent;
using OpenCluster.Api;
using OpenCluster.Api.Client;
using OpenCluster.Api.Views;
using OpenCluster.CommandLine;
using OpenCluster.Verbs.Looking;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OpenCluster.Laptop;

/// <summary>A cluster as it is now, redrawn in place on a terminal; plain lines of its story when it is not one.</summary>
/// <param name="from">When the story begins: what the cluster told in an earlier life is history.</param>
internal sealed class LiveView(Screen screen, ApiClient api, DateTimeOffset from, TimeProvider time)
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(500);

    /// <summary>Lines of the story below the tables.</summary>
    private const int StoryLines = 8;

    /// <summary>Of a deployment's sentence in the table; the story below it has the whole.</summary>
    private const int SentenceLetters = 48;

    private readonly ConcurrentQueue<EventView> _story = new();

    public async Task RunAsync(CancellationToken ct)
    {
        if (!screen.IsTerminal)
        {
            await foreach (var happened in StoryAsync(ct).ConfigureAwait(false)) EventsVerb.Print(screen, happened);
            return;
        }

        var collecting = CollectAsync(ct);
        await screen.Ansi.Live(new Text("")).AutoClear(true).StartAsync(async live =>
        {
            while (!ct.IsCancellationRequested)
            {
                live.UpdateTarget(await DrawAsync(ct).ConfigureAwait(false));
                await Task.Delay(Redraw, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }).ConfigureAwait(false);
        await collecting.ConfigureAwait(false);
    }

    private IAsyncEnumerable<EventView> StoryAsync(CancellationToken ct) =>
        Reconnecting.WatchAsync<EventView>((last, token) => api.EventsAsync(last?.Id ?? EventsVerb.IdBefore(from), token), away: _ => { }, time, ct);

    private async Task CollectAsync(CancellationToken ct)
    {
        await foreach (var happened in StoryAsync(ct).ConfigureAwait(false))
        {
            _story.Enqueue(happened);
            while (_story.Count > StoryLines) _story.TryDequeue(out _);
        }
    }

    private async Task<IRenderable> DrawAsync(CancellationToken ct)
    {
        var rows = new List<IRenderable>();
        try
        {
            rows.AddRange(Tables(await api.StatusAsync(ct).ConfigureAwait(false)));
        }
        catch (Exception away) when (away is UnreachableException or ProblemException or OperationCanceledException)
        {
            rows.Add(new Markup("[yellow]The controller is away; what runs goes on running.[/]"));
        }

        rows.Add(new Text(""));
        rows.AddRange(_story.Select(e => new Markup($"[grey]{e.At.ToLocalTime():HH:mm:ss}[/]  {EventsVerb.Coloured(e)}").Overflow(Overflow.Ellipsis)));
        rows.Add(new Markup("[grey]Ctrl-C drains and stops.[/]"));
        return new Rows(rows);
    }

    private static IEnumerable<IRenderable> Tables(ClusterStatus status)
    {
        yield return new Markup($"[bold]{Screen.Plain(status.Cluster)}[/]  {(status.Healthy ? "[green]healthy[/]" : "[red]not healthy[/]")}  {Screen.Plain(status.Sentence)}");
        yield return Screen.Grid(["server", "health", "location", "address", ">instances"],
            status.Servers.Select(s => (string[])[Screen.Plain(s.Name), Words.Health(s.Health), Screen.Plain(s.Location), Screen.Plain(s.Address), $"{s.Instances}"]));
        yield return Screen.Grid(["service", "zone", "ready", "release", "deployment"],
            status.Services.SelectMany(s => s.Zones.Select(z => (string[])
            [
                Screen.Plain(s.Name), Screen.Plain(z.Zone), z.Ready >= z.Wanted ? $"[green]{z.Ready}/{z.Wanted}[/]" : $"[red]{z.Ready}/{z.Wanted}[/]",
                z.Release > 0 ? $"{z.Release} {Words.Commit(z.Commit)}" : "-",
                z.Deployment is { } d ? $"{Words.Health(d.Phase)}  {Screen.Plain(Words.Short(d.Sentence, SentenceLetters))}" : "-",
            ])));
        yield return Screen.Grid(["balancer", "server", "listens at", ">requests", ">failed"],
            status.Balancers.Select(b => (string[])[Screen.Plain(b.LoadBalancer), Screen.Plain(b.Server), Screen.Plain(string.Join(" ", b.Urls)), $"{b.Requests:N0}", $"{b.Failed:N0}"]));
    }
}
