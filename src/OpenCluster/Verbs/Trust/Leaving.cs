using OpenCluster.Api.Views;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Trust;

/// <summary>Watches the load leave a server, and says what stays because it fits nowhere else.</summary>
internal static class Leaving
{
    /// <summary>When so long nothing more has left, nothing more will by itself.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    /// <param name="balancersToo">Load-balancers are to leave as well; the controller never does.</param>
    public static async Task<int> WatchAsync(Call call, string server, bool balancersToo, TimeProvider time, CancellationToken ct)
    {
        var (left, since) = (int.MaxValue, time.GetTimestamp());
        while (true)
        {
            var here = (await call.Api.InstancesAsync(null, ct).ConfigureAwait(false)).Where(i => i.Server == server && (i.Release > 0 || (balancersToo && i.Service != "controller"))).ToList();
            if (here.Count == 0)
            {
                call.Screen.Say($"[green]✓[/] {Screen.Plain(server)} carries nothing. `opencluster server resume {Screen.Plain(server)}` lets it carry load again.");
                return ExitCode.Done;
            }

            if (here.Count < left)
            {
                (left, since) = (here.Count, time.GetTimestamp());
                call.Screen.Say($"[grey]{left} still there: {Screen.Plain(Names(here))}[/]");
            }

            if (time.GetElapsedTime(since) > Patience)
            {
                call.Screen.Error("nowhere-else", $"{Names(here)} stay: nothing else can take them. They stop with the server; `opencluster status` says what they lack.");
                return ExitCode.Failed;
            }

            await Task.Delay(Look, time, ct).ConfigureAwait(false);
        }
    }

    private static string Names(IEnumerable<InstanceView> instances) => string.Join(", ", instances.Select(i => i.Id));
}
