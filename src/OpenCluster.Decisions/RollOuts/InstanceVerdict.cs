using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.RollOuts;

public enum Standing
{
    /// <summary>On its way.</summary>
    Coming,
    Good,
    Bad,
    /// <summary>Its server is not heard: not the release's fault, and no proof of its health either.</summary>
    OutOfSight,
}

/// <summary>What a new instance says about its release.</summary>
/// <param name="Failure">Why it is bad.</param>
public readonly record struct InstanceVerdict(Standing Standing, Failure? Failure)
{
    /// <summary>Fewer requests than this prove nothing about a share.</summary>
    public const int EnoughRequests = 10;

    /// <summary>Code of a failure that the load-balancers saw and the agent did not.</summary>
    public const string FailedRequests = "failed-requests";

    /// <summary>Beside the start itself, time to fetch and unpack the release.</summary>
    public static readonly TimeSpan FetchWithin = TimeSpan.FromMinutes(5);

    /// <param name="readyRestarts">Its restarts when it was first ready; from then on anything less than ready is a failure, not a slow start. Null before.</param>
    public static InstanceVerdict Of(InstanceFacts facts, ServiceSpec spec, RollOutRule rule, int? readyRestarts, DateTimeOffset now)
    {
        if (facts.Server != ServerStanding.Alive)
            return new(Standing.OutOfSight, null);
        var status = facts.Status;
        if (status is null)
            return readyRestarts is null ? Coming(facts, spec, now) : new(Standing.OutOfSight, null);
        if (readyRestarts is { } before)
            return UnderTraffic(facts, status, rule, before);

        return status.Phase switch
        {
            InstancePhase.Ready => new(Standing.Good, null),
            InstancePhase.Failed => Bad(facts, "start-failed", "could not be started"),
            // One death may be chance (a port taken by another); two starts that fail are the release. A start that used up its
            // whole time is not tried again at the price of that time.
            InstancePhase.BackingOff or InstancePhase.Stopped when status.Restarts >= 1 || now - facts.Instance.Created >= StartWithin(spec) =>
                Bad(facts, "never-healthy", "did not become healthy"),
            _ when status.Restarts >= 2 => Bad(facts, "never-healthy", "keeps dying before it is healthy"),
            _ => Coming(facts, spec, now),
        };
    }

    private static InstanceVerdict Coming(InstanceFacts facts, ServiceSpec spec, DateTimeOffset now)
    {
        // Twice the start, because the first try may be followed by a second.
        var limit = FetchWithin + (2 * StartWithin(spec));
        return now - facts.Instance.Created < limit
            ? new(Standing.Coming, null)
            : Bad(facts, "never-healthy", $"was not healthy {Words.For(limit)} after it was ordered");
    }

    private static InstanceVerdict UnderTraffic(InstanceFacts facts, InstanceStatus status, RollOutRule rule, int restartsBefore)
    {
        if (status.Phase != InstancePhase.Ready)
            return Bad(facts, status.Phase == InstancePhase.Unhealthy ? "became-unhealthy" : "died", status.Phase == InstancePhase.Unhealthy
                ? "was healthy, then failed its checks"
                : "was healthy, then died");
        if (status.Restarts > restartsBefore)
            return Bad(facts, "died", "was healthy, then died and was started again");
        var (requests, failed) = (facts.Sight.Requests, facts.Sight.Failed);
        if (requests >= EnoughRequests && failed > requests * rule.FailedShare)
        {
            return Bad(facts, FailedRequests,
                $"failed {failed} of {requests} requests ({100.0 * failed / requests:0} %; {100 * rule.FailedShare:0.#} % are allowed)");
        }

        return new(Standing.Good, null);
    }

    private static InstanceVerdict Bad(InstanceFacts facts, string code, string what)
    {
        var told = facts.Status?.Failure;
        var reason = $"instance {facts.Id} on {facts.ServerName} {what}";
        if (told is { Reason.Length: > 0 })
            reason += $": {told.Reason}";
        else if (code == FailedRequests && facts.Sight.Trouble is { } trouble)
            reason += $": {trouble}";
        return new(Standing.Bad, new Failure(told?.Code is { Length: > 0 } own && code != FailedRequests ? own : code, reason)
        {
            Log = told is { Log.IsEmpty: false } ? told.Log : facts.Status?.Wrote ?? [],
            InstanceId = facts.Id,
        });
    }

    private static TimeSpan StartWithin(ServiceSpec spec) => spec.Check?.StartWithin ?? new HealthCheck().StartWithin;
}
