using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Views;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Looking;

/// <summary><c>opencluster status</c>: what still works, on one screen.</summary>
internal static class StatusVerb
{
    public static Command Create() => ClientVerb.Create(
        "status", "Show the cluster at a glance: what works, what does not.",
        ["opencluster status", "opencluster status --json | jq .healthy"], [], async (call, ct) =>
        {
            var status = await call.Api.StatusAsync(ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(status, ApiJson.Default.ClusterStatus);
            else Print(call.Screen, status, TimeProvider.System.GetUtcNow());
            return status.Healthy ? ExitCode.Done : ExitCode.Failed;
        });

    public static void Print(Screen screen, ClusterStatus status, DateTimeOffset now)
    {
        screen.Markup($"[bold]{Screen.Plain(status.Cluster)}[/]  {(status.Healthy ? "[green]healthy[/]" : "[red]not healthy[/]")}  {Screen.Plain(status.Sentence)}");
        screen.Line();
        ServersVerb.Print(screen, status.Servers, now);
        screen.Line();
        ServicesVerb.Print(screen, status.Services, now);
        screen.Line();
        screen.Table(["balancer", "server", "listens at", "state", ">requests", ">failed"],
            status.Balancers.Select(b => (string[])
            [
                Screen.Plain(b.LoadBalancer), Screen.Plain(b.Server), Screen.Plain(string.Join(" ", b.Urls)),
                b.Refused is { } why ? $"[red]new routes refused:[/] {Screen.Plain(why)}" : b.Ready ? "[green]serving[/]" : "[yellow]not ready[/]",
                $"{b.Requests:N0}", $"{b.Failed:N0}",
            ]), "no load-balancers");
        foreach (var (warning, balancers) in status.Balancers.SelectMany(b => b.Warnings.Select(w => (Warning: w, b.LoadBalancer, b.Server))).GroupBy(w => w.Warning).Select(g => (g.Key, g.Select(w => $"{w.LoadBalancer} on {w.Server}"))))
            screen.Markup($"[yellow]warning:[/] {Screen.Plain(warning)} [grey]({Screen.Plain(string.Join(", ", balancers))})[/]");
        foreach (var pause in status.Pauses)
            screen.Markup($"[yellow]paused:[/] {Screen.Plain(pause.Scope.Length == 0 ? "everything" : pause.Scope)} by {Screen.Plain(pause.By)}, {Words.Ago(pause.Since, now)} ago {Screen.Plain(pause.Why)}");
    }
}
