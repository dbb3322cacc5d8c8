using System.Globalization;
using System.Text;

namespace OpenCluster.LoadBalancer.Registration;

/// <summary>Counters of registrar, broker and peers in Prometheus' text format.</summary>
internal static class RegistrarMetrics
{
    public static void Write(StringBuilder text, RegistrarHost host)
    {
        One(text, "registrations", "gauge", "Apps registered with any load-balancer of the cluster.", host.Registrar.Store.Live.Length);
        One(text, "registration_conflicts", "gauge", "Paths that two apps claim.", host.Registrar.Conflicts.Length);
        One(text, "registrar_refused_total", "counter", "Requests of apps refused, for whatever reason.", host.Api.Refused);
        One(text, "registrar_wrong_tokens_total", "counter", "Wrong tokens and keys.", host.Api.WrongTokens);
        One(text, "reverse_connections", "gauge", "Connections that apps opened for requests to them.", host.Lines.Count);
        One(text, "broker_answers_total", "counter", "Answers to what an app should connect to, watches included.", host.Broker.Answers);
        One(text, "broker_connections_total", "counter", "Connections made for apps through this load-balancer.", host.Broker.Tunnels);
        One(text, "peer_strangers_total", "counter", "Connections to the peers' port that showed no certificate of a peer.", host.StrangersRefused);

        var peers = host.Peers.Views;
        Head(text, "peer_up", "gauge", "1 while the peer was heard within 2 s.");
        foreach (var peer in peers) text.Append(CultureInfo.InvariantCulture, $"opencluster_lb_peer_up{{peer=\"{peer.Peer.Balancer}\"}} {(peer.IsPresent ? 1 : 0)}\n");
        Head(text, "peer_in_flight", "gauge", "Requests the peer said it is at.");
        foreach (var peer in peers) text.Append(CultureInfo.InvariantCulture, $"opencluster_lb_peer_in_flight{{peer=\"{peer.Peer.Balancer}\"}} {peer.InFlight}\n");
    }

    private static void One(StringBuilder text, string name, string type, string help, long value)
    {
        Head(text, name, type, help);
        text.Append(CultureInfo.InvariantCulture, $"opencluster_lb_{name} {value}\n");
    }

    private static void Head(StringBuilder text, string name, string type, string help) =>
        text.Append(CultureInfo.InvariantCulture, $"# HELP opencluster_lb_{name} {help}\n# TYPE opencluster_lb_{name} {type}\n");
}
