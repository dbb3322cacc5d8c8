using System.Text;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Relaying;
using OpenCluster.LoadBalancer.Routing;

namespace OpenCluster.LoadBalancer.Observing;

/// <summary>The part of the metrics that is about listeners, certificates, and routes of connections and datagrams.</summary>
internal static class ListenerMetrics
{
    public static void Write(StringBuilder text, Stages stages, IReadOnlyList<PortListener> open, RouteEntry[] routes)
    {
        var listeners = stages.ListenerCounters.All.ToList();
        PerListener(text, listeners, "opencluster_lb_listener_accepted_total", "Connections accepted, and sessions of UDP begun.", c => c.Accepted);
        MetricsText.Header(text, "opencluster_lb_listener_accept_errors_total", "counter", "Times accepting failed, mostly for want of file descriptors.");
        foreach (var listener in open) text.Append("opencluster_lb_listener_accept_errors_total{listener=\"").Append(MetricsText.Label(listener.Name)).Append("\"} ").Append(listener.Failures).Append('\n');
        PerListener(text, listeners, "opencluster_lb_tls_handshakes_total", "TLS handshakes that came to a good end.", c => c.Handshakes);
        MetricsText.Header(text, "opencluster_lb_listener_failed_total", "counter", "Connections that ended before anything was served on them, by reason.");
        foreach (var (name, counters) in listeners)
            foreach (var reason in Enum.GetValues<GreetingFailure>())
                if (counters.Failures(reason) > 0) text.Append("opencluster_lb_listener_failed_total{listener=\"").Append(MetricsText.Label(name)).Append("\",reason=\"").Append(reason).Append("\"} ").Append(counters.Failures(reason)).Append('\n');
        MetricsText.One(text, "opencluster_lb_greetings", "gauge", "Connections whose PROXY header, TLS handshake or ClientHello is awaited.", stages.Greetings.Count);

        Certificates(text, stages);
        Relays(text, [.. routes.Where(r => r.Memory.Connections.Begun > 0 || r.Memory.Connections.Failed > 0)]);
    }

    private static void Certificates(StringBuilder text, Stages stages)
    {
        var certificates = stages.Tls.Certificates();
        MetricsText.Header(text, "opencluster_lb_certificate_end_seconds", "gauge", "When the certificate in use ends, as Unix time.");
        foreach (var (name, ends, _) in certificates) text.Append("opencluster_lb_certificate_end_seconds{certificate=\"").Append(MetricsText.Label(name)).Append("\"} ").Append(ends.ToUnixTimeSeconds()).Append('\n');
        MetricsText.Header(text, "opencluster_lb_certificate_refused", "gauge", "1 while the certificate's files hold what cannot be used, and what was read before is shown.");
        foreach (var (name, _, refused) in certificates) text.Append("opencluster_lb_certificate_refused{certificate=\"").Append(MetricsText.Label(name)).Append("\"} ").Append(refused ? 1 : 0).Append('\n');
        MetricsText.One(text, "opencluster_lb_certificate_reloads_total", "counter", "Times a changed file of certificates was put to use.", stages.Tls.Reloads);
    }

    private static void Relays(StringBuilder text, RouteEntry[] routes)
    {
        PerRoute(text, routes, "opencluster_lb_route_connections_total", "counter", "Connections relayed, and sessions of UDP.", c => c.Begun);
        PerRoute(text, routes, "opencluster_lb_route_connections", "gauge", "Relayed now.", c => c.Open);
        PerRoute(text, routes, "opencluster_lb_route_connections_failed_total", "counter", "Connections for which no target could be reached.", c => c.Failed);
        PerRoute(text, routes, "opencluster_lb_route_up_bytes_total", "counter", "Bytes relayed from clients to targets.", c => c.BytesUp);
        PerRoute(text, routes, "opencluster_lb_route_down_bytes_total", "counter", "Bytes relayed from targets to clients.", c => c.BytesDown);
    }

    private static void PerListener(StringBuilder text, List<(string Name, ListenerCounters Counters)> listeners, string name, string help, Func<ListenerCounters, long> value)
    {
        MetricsText.Header(text, name, "counter", help);
        foreach (var (listener, counters) in listeners) text.Append(name).Append("{listener=\"").Append(MetricsText.Label(listener)).Append("\"} ").Append(value(counters)).Append('\n');
    }

    private static void PerRoute(StringBuilder text, RouteEntry[] routes, string name, string type, string help, Func<ConnectionCounters, long> value)
    {
        MetricsText.Header(text, name, type, help);
        foreach (var route in routes) text.Append(name).Append("{route=\"").Append(MetricsText.Label(route.Name)).Append("\"} ").Append(value(route.Memory.Connections)).Append('\n');
    }
}
