using System.CommandLine;
using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;
using OpenCluster.Laptop;

namespace OpenCluster.Demo;

/// <summary><c>opencluster demo</c>: a cluster on this machine, broken in every way while customers are served.</summary>
internal static class DemoVerb
{
    private static readonly Option<bool> Keep = new("--keep") { Description = "Leave the cluster up afterwards, to look around" };
    private static readonly Option<DirectoryInfo?> Directory = new("--directory") { Description = "Where to put it (default: a new directory below the temporary one)" };
    private static readonly Option<int> Rate = new("--rate") { Description = "Requests per second, 200 to 2,000", DefaultValueFactory = _ => 250 };

    public static Command Create()
    {
        var command = new Command("demo", ClientVerb.WithExamples(
            "Bring up the example cluster here, serve customers, and break it in every way: broken releases, kill -9 of an instance, a server, a load-balancer, the controller.",
            "opencluster demo", "opencluster demo --keep", "opencluster demo --json | tail -1 | jq .failed"));
        Rate.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 200 or > 2000) result.AddError("--rate takes 200 to 2,000 requests per second.");
        });
        command.Options.Add(Keep);
        command.Options.Add(Directory);
        command.Options.Add(Rate);
        command.SetAction((parsed, ct) => RunAsync(parsed, ct));
        return command;
    }

    private static Task<int> RunAsync(ParseResult parsed, CancellationToken ct)
    {
        var screen = new Screen(parsed);
        return ClientVerb.GuardedAsync(screen, async () =>
        {
            var directory = parsed.GetValue(Directory)?.FullName ?? NewDirectory();
            screen.Say($"[bold]OpenCluster demo[/] in {Screen.Plain(directory)}");
            var example = Example.Unpack(Path.Combine(directory, "example"));
            var website = await Repository.CreateAsync("website", Path.Combine(example, "website"), directory, ct).ConfigureAwait(false);
            var api = await Repository.CreateAsync("api", Path.Combine(example, "api"), directory, ct).ConfigureAwait(false);
            screen.Say($"[green]✓[/] two git repositories: {Screen.Plain(website.Bare)}, {Screen.Plain(api.Bare)}");
            var request = new FileRequest
            {
                Text = await File.ReadAllTextAsync(Path.Combine(example, "cluster.yaml"), ct).ConfigureAwait(false),
                Set = Example.Values(repositories: Path.Combine(directory, "repositories")),
                Why = "demo",
            };
            return await PlayAsync(parsed, request, directory, api, screen, ct).ConfigureAwait(false);
        });
    }

    private static async Task<int> PlayAsync(ParseResult parsed, FileRequest request, string directory, Repository api, Screen screen, CancellationToken ct)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        var up = new UpSteps(screen, time);
        await using var cluster = await up.BringUpAsync(request, directory, Path.Combine(directory, Context.DirectoryName), ct).ConfigureAwait(false);
        var keep = parsed.GetValue(Keep);
        var bad = false;
        try
        {
            await new Watching(cluster.Api, time).HealthyAsync(TimeSpan.FromSeconds(60), ct).ConfigureAwait(false);
            screen.Say($"[green]✓[/] {cluster.Servers.Length} servers, both services deployed and healthy after {time.GetElapsedTime(started).TotalSeconds:0.0} s");
            var results = await UnderLoadAsync(parsed.GetValue(Rate), cluster, api, screen, time, ct).ConfigureAwait(false);
            if (parsed.GetValue(ClientVerb.Json)) screen.Json(results, ResultsJson.Default.Results);
            else results.Print(screen);
            if (keep) screen.Say($"The cluster is still up. Look around: [bold]cd {Screen.Plain(directory)}[/] and `opencluster status`; `opencluster down` ends it.");
            bad = !results.Good;
            return bad ? ExitCode.Failed : ExitCode.Done;
        }
        finally
        {
            if (!keep)
            {
                await cluster.StopAsync(CancellationToken.None).ConfigureAwait(false);
                if (bad) ShowEvidence(directory, screen);
                else if (parsed.GetValue(Directory) is null) System.IO.Directory.Delete(directory, recursive: true);
            }
        }
    }

    /// <summary>What there is to look into stays; it is complete only once the balancers have ended.</summary>
    private static void ShowEvidence(string directory, Screen screen)
    {
        foreach (var line in Evidence.Find(directory)) screen.Say(Screen.Plain(line));
        screen.Say($"The cluster is down; its directory with all logs is kept: {Screen.Plain(directory)}");
    }

    private static async Task<Results> UnderLoadAsync(int rate, LaptopCluster cluster, Repository api, Screen screen, TimeProvider time, CancellationToken ct)
    {
        var balancers = (await cluster.Api.StatusAsync(ct).ConfigureAwait(false)).Balancers.Select(b => new Uri(b.Urls[0])).ToList();
        var ledger = new Ledger(time);
        using var browser = new Browser(balancers, Example.Pages, ledger, time);
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var play = new Play(cluster, api, ledger, screen, time);
        var browsing = browser.RunAsync(rate, closing.Token);
        try
        {
            await play.RunAsync(ct).ConfigureAwait(false);
        }
        catch (TimeoutException late)
        {
            screen.Error("timeout", late.Message);
        }
        finally
        {
            await closing.CancelAsync().ConfigureAwait(false);
            await browsing.ConfigureAwait(false);
        }

        foreach (var reason in ledger.Reasons) screen.Say($"[red]failed:[/] {Screen.Plain(reason)}");
        return Results.Of(play.Acts);
    }

    private static string NewDirectory()
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("opencluster-demo-").FullName;
        // Services run as users of their own when this is root; they must be able to come in.
        File.SetUnixFileMode(directory, (UnixFileMode)Convert.ToInt32("755", 8));
        return directory;
    }
}
