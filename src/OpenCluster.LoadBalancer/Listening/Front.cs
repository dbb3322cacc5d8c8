using System.Net;
using System.Security.Cryptography.X509Certificates;
using OpenCluster.LoadBalancer.Relaying;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.LoadBalancer.Tls;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>What becomes of a connection that a listener accepted, by the listener's protocol.</summary>
internal static class Front
{
    public static Func<SocketTransport, IPEndPoint, AcceptedConnection> For(StreamListener listener, Listener plan, Stages stages)
    {
        var proxies = new Networks(plan.ProxyFrom);
        // Without TLS or a proxy in front nothing has to be awaited: the first byte is the client's.
        if (plan.Protocol != ListenerProtocol.Https && proxies.IsEmpty) return (accepted, from) => Begin(accepted, from, listener, plan, stages);
        if (plan.Protocol != ListenerProtocol.Https)
            return (accepted, from) => new GreetedConnection(accepted, from, proxies, listener.Counters, (transport, client) => new(Begin(transport, client, listener, plan, stages)), stages);
        var tls = new TlsServer(plan, stages.Tls);
        return (accepted, from) => new GreetedConnection(accepted, from, proxies, listener.Counters, (transport, client) => BeginTlsAsync(transport, client, listener, tls, stages), stages);
    }

    private static AcceptedConnection Begin(Transport transport, IPEndPoint client, StreamListener listener, Listener plan, Stages stages) =>
        plan.Protocol switch
        {
            ListenerProtocol.Tcp or ListenerProtocol.Tls => new RelayedConnection(transport, client, listener.EndPoint, plan, listener.Counters, stages),
            ListenerProtocol.Registrations => stages.BeginOwn(transport, Facts(client, listener)),
            _ => new ClientConnection(transport, Facts(client, listener), stages),
        };

    private static ClientFacts Facts(IPEndPoint client, StreamListener listener) => new(client, isSecure: false, local: listener.EndPoint);

    private static async ValueTask<AcceptedConnection?> BeginTlsAsync(Transport transport, IPEndPoint client, StreamListener listener, TlsServer tls, Stages stages)
    {
        var secured = await tls.AcceptAsync(transport).ConfigureAwait(false);
        listener.Counters.CountHandshake();
        using var shown = secured.Session.RemoteCertificate as X509Certificate2;
        var facts = new ClientFacts(client, isSecure: true, shown is null ? null : new ClientCertificate(shown), listener.EndPoint);
        return HttpFront.Begin(secured.Session.NegotiatedApplicationProtocol, secured, facts, stages);
    }
}
