using OpenCluster.Api;
using OpenCluster.Api.Client;
using OpenCluster.Api.Views;
using OpenCluster.Model.Running;

namespace OpenCluster.Demo;

/// <summary>Waits, with a bound, for what the demo expects to become true; asks the API like any client.</summary>
internal sealed class Watching(ApiClient api, TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <summary>Until every server is alive, every service has all its instances ready, and every load-balancer serves.</summary>
    public Task HealthyAsync(TimeSpan limit, CancellationToken ct) => UntilAsync("every instance and load-balancer is healthy", async () =>
    {
        var status = await api.StatusAsync(ct).ConfigureAwait(false);
        return status.Healthy && status.Balancers.All(b => b.Ready);
    }, limit, ct);

    /// <summary>Until the next deployment of a service into a zone has ended.</summary>
    /// <param name="known">Deployments that were there before.</param>
    public async Task<DeploymentView> NextDeploymentAsync(string service, string zone, IReadOnlySet<string> known, TimeSpan limit, CancellationToken ct)
    {
        DeploymentView? ended = null;
        await UntilAsync($"the deployment of {service} has ended", async () =>
        {
            ended = (await api.DeploymentsAsync(service, ct).ConfigureAwait(false)).FirstOrDefault(d => d.Zone == zone && d.Ended && !known.Contains(d.Id));
            return ended is not null;
        }, limit, ct).ConfigureAwait(false);
        return ended!;
    }

    public async Task<IReadOnlySet<string>> DeploymentsAsync(string service, CancellationToken ct) =>
        (await api.DeploymentsAsync(service, ct).ConfigureAwait(false)).Select(d => d.Id).ToHashSet(StringComparer.Ordinal);

    /// <summary>Until everything that ran on a server runs again as new processes, and the cluster is healthy.</summary>
    /// <param name="before">Instances and their process ids before the blow.</param>
    public Task ReplacedAsync(string what, IReadOnlyDictionary<string, int> before, TimeSpan limit, CancellationToken ct) =>
        UntilAsync(what, async () =>
        {
            var status = await api.StatusAsync(ct).ConfigureAwait(false);
            var now = (await api.InstancesAsync(null, ct).ConfigureAwait(false)).ToDictionary(i => i.Id, StringComparer.Ordinal);
            return status.Healthy && before.All(b => !now.TryGetValue(b.Key, out var i) || (i.Status is { Phase: InstancePhase.Ready } s && s.Pid != b.Value));
        }, limit, ct);

    private async Task UntilAsync(string what, Func<Task<bool>> holds, TimeSpan limit, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                if (await holds().ConfigureAwait(false)) return;
            }
            catch (Exception away) when (away is UnreachableException or ProblemException { Problem.Status: 503 })
            {
                // Away for a moment is part of the play; the bound below is what counts.
            }

            if (time.GetElapsedTime(started) > limit) throw new TimeoutException($"{limit.TotalSeconds:0} s went by before {what}.");
            await Task.Delay(Look, time, ct).ConfigureAwait(false);
        }
    }
}
