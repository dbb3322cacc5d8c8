using System.Collections.Immutable;
using OpenCluster.Controller.Http;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Running;

namespace OpenCluster.Controller.Endpoints;

/// <summary>
/// What JSON alone does not promise: lists without holes and of a size that a server can have. A report goes straight into the loop,
/// which must never meet what no agent would send.
/// </summary>
internal static class ReportCheck
{
    private const int MostInstances = 2000;
    private const int MostBuilds = 256;
    private const int MostTargets = 20_000;
    private const int MostLogLines = 30;

    /// <exception cref="Api.ProblemException">It is not a report that an agent can mean.</exception>
    public static ServerReport Whole(ServerReport report)
    {
        var instances = List(report.Instances, MostInstances, "instances");
        Unique(instances.Select(i => i.Id), "instances");
        return report with
        {
            Instances = [.. instances.Select(i => i with { Failure = Whole(i.Failure) })],
            Builds = [.. List(report.Builds, MostBuilds, "builds").Select(b => b with { Failure = Whole(b.Failure) })],
            Without = List(report.Without, MostBuilds, "without"),
        };
    }

    /// <exception cref="Api.ProblemException">It is not a report that a balancer can mean.</exception>
    public static BalancerReport Whole(BalancerReport report)
    {
        var targets = List(report.Targets, MostTargets, "targets");
        Unique(targets.Select(t => t.Id), "targets");
        return report with { Targets = targets, Apps = report.Apps is { } apps ? List(apps, BalancerReport.MostApps, "apps") : null };
    }

    private static Failure? Whole(Failure? failure) => failure is null ? null : failure with { Log = List(failure.Log, MostLogLines, "failure.log") };

    private static ImmutableArray<T> List<T>(ImmutableArray<T> list, int most, string field) where T : class
    {
        if (list.IsDefault) return [];
        if (list.Length > most || list.Any(item => item is null))
            throw Problems.Invalid(field, $"\"{field}\" has a hole or more than {most} entries.", "Send every entry once.");
        return list;
    }

    private static void Unique(IEnumerable<string> ids, string field)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var id in ids)
            if (!seen.Add(id)) throw Problems.Invalid(field, $"\"{field}\" names \"{id}\" twice.", "Send every entry once.");
    }
}
