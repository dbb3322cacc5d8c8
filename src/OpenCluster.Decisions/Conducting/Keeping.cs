using OpenCluster.Decisions.RollOuts;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>How much of a service's past is kept.</summary>
internal static class Keeping
{
    /// <summary>Forgets old deployments of the place and old releases of its service.</summary>
    public static void Forget(Situation situation, ServiceZone place)
    {
        var state = situation.State;
        var ended = state.DeploymentsOf(place).Where(d => !d.Active).ToList();
        var lastGood = ended.LastOrDefault(d => d is { Phase: DeploymentPhase.Done, NothingToDo: false })?.Id;
        foreach (var old in ended.Take(Math.Max(0, ended.Count - Deploying.History)).Where(d => d.Id != lastGood))
            state.Remove(old);

        if (state.Objects.Service(place.ServiceId) is not { } service)
            return;
        var used = InUse(state, place.ServiceId);
        // Each zone for itself: what is tried in development must not push out what production would go back to.
        foreach (var releases in state.ReleasesOf(service.Id).ToLookup(r => r.Zone, StringComparer.Ordinal))
        {
            var spare = Retention.Spare(releases, r => used.Contains(r.Id), service.Keep);
            // Releases whose build failed tell why; the newest few of them are kept for that.
            var failed = releases.Where(r => r.State == ReleaseState.Failed).TakeLast(service.Keep.Releases);
            foreach (var release in releases.Where(r => r.State != ReleaseState.Building).Except(spare).Except(failed).Where(r => !used.Contains(r.Id)))
                state.Remove(release);
        }
    }

    /// <summary>Releases that run, should run, are on their way, or are what a roll-back under way returns to.</summary>
    public static HashSet<string> InUse(ClusterState state, string serviceId)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var zone in state.Objects.Cluster.Zones)
        {
            var place = new ServiceZone(serviceId, zone.Id);
            Add(state.Current(place)?.Id);
            foreach (var instance in state.InstancesOf(place))
                Add(instance.ReleaseId);
            foreach (var deployment in state.DeploymentsOf(place).Where(d => d.Active))
            {
                Add(deployment.ReleaseId);
                Add(deployment.PreviousReleaseId);
            }
        }

        return used;

        void Add(string? id)
        {
            if (id is not null)
                used.Add(id);
        }
    }
}
