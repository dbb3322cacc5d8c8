using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Views;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Looking;

/// <summary><c>opencluster services</c>.</summary>
internal static class ServicesVerb
{
    public static Command Create() => ClientVerb.Create(
        "services", "List services: how many instances are ready, which release runs, and how the last deployment ended.",
        ["opencluster services", "opencluster services --json"], [], async (call, ct) =>
        {
            var services = await call.Api.ServicesAsync(ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(services, ApiJson.Default.ImmutableArrayServiceView);
            else Print(call.Screen, services, TimeProvider.System.GetUtcNow());
            return ExitCode.Done;
        });

    public static void Print(Screen screen, IReadOnlyCollection<ServiceView> services, DateTimeOffset now)
    {
        screen.Table(["service", "zone", "ready", "release", "commit", "branch", "last deployment"],
            services.SelectMany(s => s.Zones.Select(z => (string[])
            [
                Screen.Plain(s.Name), Screen.Plain(z.Zone),
                z.Ready >= z.Wanted ? $"[green]{z.Ready}/{z.Wanted}[/]" : $"[red]{z.Ready}/{z.Wanted}[/]",
                z.Release > 0 ? $"{z.Release}" : "-", Words.Commit(z.Commit), Screen.Plain(z.Branch ?? "-"),
                z.Deployment is { } d ? $"{Words.Health(d.Phase)} [grey]{Words.Ago(d.EndedAt ?? d.Started, now)} ago[/]" : "-",
            ])), "no services: name some in the cluster file and apply it");
        foreach (var service in services)
        {
            foreach (var zone in service.Zones.Where(z => z.Ready < z.Wanted && z.Deployment is { Ended: true, Failure: not null }))
                screen.Markup($"  [bold]{Screen.Plain(service.Name)}[/] in {Screen.Plain(zone.Zone)}: {Screen.Plain(zone.Deployment!.Failure!.Reason)}");
        }
    }
}
