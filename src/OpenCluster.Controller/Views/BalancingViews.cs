using System.Collections.Immutable;
using OpenCluster.Api.Views;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.Explaining;

namespace OpenCluster.Controller.Views;

/// <summary>Load-balancers as clients see them.</summary>
internal static class BalancingViews
{
    public static ImmutableArray<BalancerLoadView> Of(ClusterView view)
    {
        var instances = view.Instances.ToDictionary(i => i.Instance.Id, StringComparer.Ordinal);
        return
        [
            .. view.Balancers.Select(b => new BalancerLoadView
            {
                Instance = b.Process.Instance.Id,
                LoadBalancer = b.LoadBalancer.Name,
                Server = b.Process.Server,
                Requests = b.Report?.Requests ?? 0,
                Failed = b.Report?.Failed ?? 0,
                HeardAt = b.HeardAt,
                Targets =
                [
                    .. (b.Report?.Targets ?? []).Select(t => new TargetLoadView
                    {
                        Id = t.Id,
                        Service = instances.GetValueOrDefault(t.Id)?.Name ?? "",
                        Server = instances.GetValueOrDefault(t.Id)?.Server ?? "",
                        State = t.State,
                        Requests = t.Requests,
                        Failed = t.Failed,
                        InFlight = t.InFlight,
                        Reason = t.Reason,
                    }),
                ],
            }),
        ];
    }

    public static ExplanationView Of(BalancerSight sight, Explanation explanation) => new()
    {
        Balancer = sight.Process.Instance.Id,
        Server = sight.Process.Server,
        Route = explanation.Route,
        Status = explanation.Status,
        Steps = explanation.Steps,
        Targets = [.. explanation.Targets.Select(t => new ExplainedTargetView(t.Id, t.Address, t.Server, t.Share, t.Why))],
    };
}
