using OpenCluster.Model.Balancing;

namespace OpenCluster.Decisions.Conducting;

/// <summary>Takes in what load-balancers report.</summary>
internal static class BalancerCare
{
    public static void Reported(Situation situation, BalancerReport report)
    {
        if (situation.State.Instance(report.Balancer) is not { } process)
            return;
        var before = situation.Balancers.GetValueOrDefault(report.Balancer);
        if (report.Refused is { } refused && before?.Report.Refused != refused)
            situation.Say(Weight.Trouble, $"balancer/{report.Balancer}", $"{report.Balancer} on {situation.ServerName(process.ServerId)} refuses its newest routes and serves the last good ones: {refused}");
        else if (report.Refused is null && before?.Report.Refused is not null)
            situation.Say(Weight.Good, $"balancer/{report.Balancer}", $"{report.Balancer} on {situation.ServerName(process.ServerId)} serves the newest routes again.");

        if (report.Peer is { } peer && situation.State.Peers.Find(report.Balancer)?.At != peer)
        {
            situation.State.Peers.Put(report.Balancer, new SeenPeer(report.Balancer, peer));
            situation.Changes.TellBalancers();
        }
        foreach (var conflict in report.Conflicts.Except(before?.Report.Conflicts ?? []))
            situation.Say(Weight.Warning, $"balancer/{report.Balancer}", conflict);

        var seen = before ?? (situation.Balancers[report.Balancer] = new ObservedBalancer { Report = report });
        seen.Report = report.Apps is null ? report with { Apps = before?.Report.Apps } : report;
        seen.HeardAt = situation.Now;
        seen.Targets.Clear();
        foreach (var target in report.Targets)
            seen.Targets[target.Id] = target;
        foreach (var place in situation.Lively.OrderBy(p => p.ServiceId, StringComparer.Ordinal).ThenBy(p => p.Zone, StringComparer.Ordinal))
            situation.Queue(place);
    }
}
