using System.Globalization;
using System.Text;
using OpenCluster.Decisions.Admission;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Caching;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Routing;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Observing;

/// <summary>The counters in Prometheus' text format, version 0.0.4.</summary>
internal static class MetricsText
{
    public static string Of(Balancer balancer)
    {
        var text = new StringBuilder();
        var stages = balancer.Stages;
        One(text, "opencluster_lb_requests_total", "counter", "Requests answered.", stages.Requests);
        One(text, "opencluster_lb_failed_total", "counter", "Requests answered with an error of the balancer's own, because no target gave an answer.", stages.Failed);
        One(text, "opencluster_lb_connections", "gauge", "Open client connections.", stages.Connections.Count);
        One(text, "opencluster_lb_connections_accepted_total", "counter", "Client connections accepted.", stages.Connections.Accepted);
        One(text, "opencluster_lb_connections_refused_total", "counter", "Client connections turned away because there were too many.", stages.Connections.Refused);
        Header(text, "opencluster_lb_connections_expired_total", "counter", "Client connections closed because something of theirs did not come in time, by what.");
        foreach (var awaited in Enum.GetValues<Awaited>())
            text.Append("opencluster_lb_connections_expired_total{awaited=\"").Append(awaited.Word()).Append("\"} ").Append(stages.Connections.Expired(awaited)).Append('\n');
        One(text, "opencluster_lb_snapshot_revision", "gauge", "Revision of the snapshot in use.", balancer.Snapshot?.Revision ?? 0);
        One(text, "opencluster_lb_snapshot_refused", "gauge", "1 while a newer snapshot is refused.", balancer.Refused is null ? 0 : 1);
        One(text, "opencluster_lb_access_log_dropped_total", "counter", "Access log lines lost because the disk was too slow.", stages.Log?.Dropped ?? 0);

        if (stages.Tracer is { } tracer)
        {
            One(text, "opencluster_lb_spans_told_total", "counter", "Requests the collector of traces was told of.", tracer.Told);
            One(text, "opencluster_lb_spans_dropped_total", "counter", "Requests it was not told of, being slow, away, or not willing.", tracer.Dropped);
        }

        Header(text, "opencluster_lb_refused_total", "counter", "Requests refused as malformed, by reason.");
        foreach (var error in Enum.GetValues<HeadError>())
            if (stages.RefusedFor(error) > 0) text.Append("opencluster_lb_refused_total{reason=\"").Append(error).Append("\"} ").Append(stages.RefusedFor(error)).Append('\n');
        Routes(text, [.. stages.Routes.Values.OrderBy(r => r.Name, StringComparer.Ordinal)]);
        Targets(text, balancer);
        ListenerMetrics.Write(text, stages, balancer.Listeners, [.. stages.Routes.Values.OrderBy(r => r.Name, StringComparer.Ordinal)]);
        balancer.MoreMetrics(text);
        return text.ToString();
    }

    private static void Routes(StringBuilder text, RouteEntry[] routes)
    {
        Header(text, "opencluster_lb_route_requests_total", "counter", "Requests by route and class of status.");
        foreach (var route in routes)
            for (var status = 1; status <= 5; status++)
                text.Append("opencluster_lb_route_requests_total{route=\"").Append(Label(route.Name)).Append("\",status=\"").Append(status).Append("xx\"} ").Append(route.Counters.ByClass[status]).Append('\n');
        Header(text, "opencluster_lb_route_refused_total", "counter", "Requests not let in, by reason.");
        foreach (var route in routes)
            foreach (var refusal in Enum.GetValues<Refusal>())
                if (route.Counters.Refused(refusal) is > 0 and var count)
                    text.Append("opencluster_lb_route_refused_total{route=\"").Append(Label(route.Name)).Append("\",reason=\"").Append(refusal.Word()).Append("\"} ").Append(count).Append('\n');
        PerRoute(text, routes, "opencluster_lb_route_at_once", "gauge", "Requests under way, where their number is limited.", r => r.Memory.Gate.AtOnce);
        RouteEntry[] caching = [.. routes.Where(r => r.Memory.Cache is not null)];
        Header(text, "opencluster_lb_route_cache_total", "counter", "Requests by what the cache did with them.");
        foreach (var route in caching)
            foreach (var outcome in Enum.GetValues<CacheOutcome>())
                text.Append("opencluster_lb_route_cache_total{route=\"").Append(Label(route.Name)).Append("\",outcome=\"").Append(outcome.ToString().ToLowerInvariant()).Append("\"} ").Append(route.Memory.Cache!.Counters.Of(outcome)).Append('\n');
        PerRoute(text, caching, "opencluster_lb_route_cache_bytes", "gauge", "Memory the kept answers take.", r => r.Memory.Cache!.Bytes);
        PerRoute(text, caching, "opencluster_lb_route_cache_answers", "gauge", "Answers kept.", r => r.Memory.Cache!.Count);
        PerRoute(text, caching, "opencluster_lb_route_cache_evicted_total", "counter", "Answers thrown out for want of memory.", r => r.Memory.Cache!.Counters.Evictions);
        PerRoute(text, routes, "opencluster_lb_route_retries_total", "counter", "Tries on another target.", r => r.Counters.Retries);
        PerRoute(text, routes, "opencluster_lb_route_waited_total", "counter", "Requests that waited for a target.", r => r.Counters.Waited);
        PerRoute(text, routes, "opencluster_lb_route_waiting", "gauge", "Requests waiting for a target now.", r => r.Memory.Waiting.Count);
        PerRoute(text, routes, "opencluster_lb_route_sent_bytes_total", "counter", "Bytes sent to clients.", r => r.Counters.BytesOut);

        Header(text, "opencluster_lb_route_seconds", "histogram", "From the request's head to the end of its answer.");
        foreach (var route in routes)
        {
            var name = Label(route.Name);
            long sum = 0;
            for (var i = 0; i < route.Counters.Buckets.Length; i++)
            {
                sum += route.Counters.Buckets[i];
                var bound = i < RouteCounters.BucketsMs.Length ? (RouteCounters.BucketsMs[i] / 1000).ToString(CultureInfo.InvariantCulture) : "+Inf";
                text.Append("opencluster_lb_route_seconds_bucket{route=\"").Append(name).Append("\",le=\"").Append(bound).Append("\"} ").Append(sum).Append('\n');
            }
            text.Append("opencluster_lb_route_seconds_sum{route=\"").Append(name).Append("\"} ").Append(route.Counters.Microseconds / 1e6).Append('\n');
            text.Append("opencluster_lb_route_seconds_count{route=\"").Append(name).Append("\"} ").Append(sum).Append('\n');
        }
    }

    private static void Targets(StringBuilder text, Balancer balancer)
    {
        var targets = balancer.Report("").Targets;
        PerTarget(text, targets, "opencluster_lb_target_up", "gauge", "1 while the target serves.", t => t.State == TargetState.Up ? 1 : 0);
        PerTarget(text, targets, "opencluster_lb_target_requests_total", "counter", "Requests sent to the target.", t => t.Requests);
        PerTarget(text, targets, "opencluster_lb_target_failed_total", "counter", "Requests that failed on it.", t => t.Failed);
        PerTarget(text, targets, "opencluster_lb_target_in_flight", "gauge", "Requests it is at.", t => t.InFlight);
    }

    public static void One(StringBuilder text, string name, string type, string help, long value)
    {
        Header(text, name, type, help);
        text.Append(name).Append(' ').Append(value).Append('\n');
    }

    private static void PerRoute(StringBuilder text, RouteEntry[] routes, string name, string type, string help, Func<RouteEntry, long> value)
    {
        Header(text, name, type, help);
        foreach (var route in routes) text.Append(name).Append("{route=\"").Append(Label(route.Name)).Append("\"} ").Append(value(route)).Append('\n');
    }

    private static void PerTarget(StringBuilder text, IEnumerable<TargetReport> targets, string name, string type, string help, Func<TargetReport, long> value)
    {
        Header(text, name, type, help);
        foreach (var target in targets) text.Append(name).Append("{instance=\"").Append(Label(target.Id)).Append("\"} ").Append(value(target)).Append('\n');
    }

    public static void Header(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    public static string Label(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
