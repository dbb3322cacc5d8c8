using System.Collections.Immutable;
using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Client;
using OpenCluster.Api.Views;
using OpenCluster.CommandLine;
using OpenCluster.Model.Balancing;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OpenCluster.Verbs.Apps;

/// <summary><c>opencluster lb top</c>: what the load-balancers and their targets do right now, the busiest first.</summary>
internal static class TopVerb
{
    private static readonly TimeSpan Redraw = TimeSpan.FromSeconds(1);
    private static readonly Option<bool> Once = new("--once") { Description = "One table instead of a live one" };

    public static Command Create() => ClientVerb.Create(
        "top", "Watch the load-balancers: requests per second, failures and requests under way, per load-balancer and instance. Ctrl-C ends it.",
        ["opencluster lb top", "opencluster lb top --once"], [Once], async (call, ct) =>
        {
            var before = new Sample(await call.Api.BalancersAsync(ct).ConfigureAwait(false), TimeProvider.System.GetTimestamp());
            if (call.Json)
            {
                call.Screen.Json(before.Balancers, ApiJson.Default.ImmutableArrayBalancerLoadView);
                return ExitCode.Done;
            }
            if (call.Parsed.GetValue(Once) || !call.Screen.IsTerminal)
            {
                await Task.Delay(Redraw, TimeProvider.System, ct).ConfigureAwait(false);
                call.Screen.Ansi.Write(Draw(before, await TakeAsync(call.Api, ct).ConfigureAwait(false)));
                return ExitCode.Done;
            }
            await call.Screen.Ansi.Live(new Text("")).AutoClear(true).StartAsync(async live =>
            {
                while (!ct.IsCancellationRequested)
                {
                    await Task.Delay(Redraw, TimeProvider.System, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    try
                    {
                        var now = await TakeAsync(call.Api, ct).ConfigureAwait(false);
                        live.UpdateTarget(Draw(before, now));
                        before = now;
                    }
                    catch (Exception away) when (away is UnreachableException or OperationCanceledException)
                    {
                        live.UpdateTarget(new Markup("[yellow]The controller is away; the load-balancers go on.[/]"));
                    }
                }
            }).ConfigureAwait(false);
            return ExitCode.Done;
        });

    private static async Task<Sample> TakeAsync(ApiClient api, CancellationToken ct) => new(await api.BalancersAsync(ct).ConfigureAwait(false), TimeProvider.System.GetTimestamp());

    private static Rows Draw(Sample before, Sample now)
    {
        var seconds = TimeProvider.System.GetElapsedTime(before.Stamp, now.Stamp).TotalSeconds;
        var (old, oldTargets) = (before.Balancers.ToDictionary(b => b.Instance), before.Targets().ToDictionary(t => t.Key, t => t.Target));
        var balancers = Screen.Grid(["balancer", "server", ">requests/s", ">failed/s"], now.Balancers.Select(b => (string[])
        [
            Screen.Plain($"{b.LoadBalancer} {b.Instance}"), Screen.Plain(b.Server),
            Rate(b.Requests, old.GetValueOrDefault(b.Instance)?.Requests, seconds), Rate(b.Failed, old.GetValueOrDefault(b.Instance)?.Failed, seconds),
        ]));
        var targets = Screen.Grid(["instance", "service", "server", "seen by", "state", ">requests/s", ">failed/s", ">in flight", "last failure"], now.Targets()
            .Select(t => (t.Balancer, t.Target, Old: oldTargets.GetValueOrDefault(t.Key)))
            .OrderByDescending(t => t.Target.Requests - (t.Old?.Requests ?? t.Target.Requests))
            .ThenBy(t => t.Target.Id, StringComparer.Ordinal)
            .Select(t => (string[])
            [
                Screen.Plain(t.Target.Id), Screen.Plain(t.Target.Service), Screen.Plain(t.Target.Server), Screen.Plain(t.Balancer.Instance),
                t.Target.State == TargetState.Up ? "[green]up[/]" : $"[red]{t.Target.State.ToString().ToLowerInvariant()}[/]",
                Rate(t.Target.Requests, t.Old?.Requests, seconds), Rate(t.Target.Failed, t.Old?.Failed, seconds), $"{t.Target.InFlight}", Screen.Plain(t.Target.Reason),
            ]));
        return new Rows((IRenderable[])[balancers, new Text(""), targets]);
    }

    /// <summary>A counter that went back belongs to a process that started anew: nothing is known of its rate yet.</summary>
    private static string Rate(long now, long? before, double seconds) => before is { } then && now >= then && seconds > 0 ? $"{(now - then) / seconds:N0}" : "";

    /// <param name="Stamp">When it was taken.</param>
    private sealed record Sample(ImmutableArray<BalancerLoadView> Balancers, long Stamp)
    {
        public IEnumerable<(string Key, BalancerLoadView Balancer, TargetLoadView Target)> Targets() =>
            Balancers.SelectMany(b => b.Targets.Select(t => ($"{b.Instance} {t.Id}", b, t)));
    }
}
