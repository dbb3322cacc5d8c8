using System.Collections.Immutable;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary><c>load-balancers</c>: the front doors.</summary>
internal static class LoadBalancerSchema
{
    private static readonly Key<string> Role = new("role", Common.Named("the name of a role"), "The role whose servers each run one.", "default");
    private static readonly OptionalKey<string> Zone = new("zone", Common.Named("the name of a zone"), "Only servers of this zone.") { Otherwise = "any zone" };
    private static readonly OptionalKey<ImmutableArray<Listener>> Listen = new("listen", new ListShape<Listener>("listeners", ListenerSchema.Shape), "Where it accepts connections.") { Required = true };
    private static readonly Key<int> MetricsPort = new("metrics-port", new WholeShape(0, 65_535, "a port number or 0"), "Where its own metrics and health are served; 0: a free one.", 0);
    private static readonly Key<AccessLogFormat> AccessLog = new("access-log", new ChoiceShape<AccessLogFormat>(("json", AccessLogFormat.Json), ("combined", AccessLogFormat.Combined)),
        "A line for each request: an object of JSON, or as web servers write it (combined), which tells less.", AccessLogFormat.Json);
    private static readonly OptionalKey<TraceRule> Traces = new("traces", TraceSchema.Shape, "Tell a collector of requests, as parts of traces.") { Otherwise = "none are told" };

    public static readonly ObjectShape<LoadBalancer> Shape = new("a load-balancer", [Common.RenamedFrom, Role, Zone, Listen, MetricsPort, AccessLog, Traces], o => new LoadBalancer
    {
        Name = o.Name,
        RenamedFrom = o.Maybe(Common.RenamedFrom),
        Role = o.Get(Role),
        Zone = o.Maybe(Zone),
        Listeners = Named(o.Need(Listen, [])),
        MetricsPort = o.Get(MetricsPort),
        AccessLog = o.Get(AccessLog),
        Traces = o.Maybe(Traces),
    });

    /// <summary>Listeners without a name: the first of a protocol has its name, the others <c>PROTOCOL-PORT</c>.</summary>
    private static ImmutableArray<Listener> Named(ImmutableArray<Listener> listeners)
    {
        var named = ImmutableArray.CreateBuilder<Listener>(listeners.Length);
        foreach (var listener in listeners)
        {
            var protocol = listener.Protocol.ToString().ToLowerInvariant();
            var name = listener.Name.Length > 0 ? listener.Name : named.Any(l => l.Name == protocol) ? $"{protocol}-{listener.Port}" : protocol;
            named.Add(listener with { Name = name });
        }
        return named.MoveToImmutable();
    }
}

/// <summary><c>listen</c>: one address and port.</summary>
internal static class ListenerSchema
{
    private static readonly Key<string> Name = new("name", Common.Name, "What it is called in metrics and logs.", "") { UsualWords = "http for the first of that protocol, http-PORT for others" };
    private static readonly OptionalKey<int> Port = new("port", Common.PortNumber, "The port.") { Required = true };
    private static readonly Key<ListenerProtocol> Protocol = new("protocol", new ChoiceShape<ListenerProtocol>(
        ("http", ListenerProtocol.Http), ("https", ListenerProtocol.Https), ("tcp", ListenerProtocol.Tcp), ("tls", ListenerProtocol.Tls), ("udp", ListenerProtocol.Udp),
        ("registrations", ListenerProtocol.Registrations)),
        "What is spoken. Of tcp and udp nothing is looked at; tls passes through to the route of the host asked for. registrations: apps register here and ask the broker.", ListenerProtocol.Http);
    private static readonly Key<string> Address = new("address", new TextShape("an IP address", Texts.NotAnAddress), "The address.", "") { UsualWords = "the server's own" };

    private static readonly OptionalKey<string> Certificate = new("certificate", Common.Named("the name of a certificate"), "For https: the certificate where none is for the host asked for.") { Otherwise = "the first" };
    private static readonly OptionalKey<string> ClientAuthorities = new("client-authorities", Common.File,
        "For https: ask clients for a certificate signed by one of the authorities of this file (PEM). Routes may require one.")
    { Otherwise = "none is asked for" };
    private static readonly Key<ImmutableArray<string>> ProxyFrom = new("proxy-from", new ListShape<string>("networks", new TextShape("a network", Texts.NotANetwork)),
        "Proxies in front, whose connections begin with the PROXY protocol, version 1 or 2.", []);

    private static readonly OptionalKey<int> ConnectionsPerClient = new("connections-per-client", new WholeShape(1, 1_000_000, "a number of connections"),
        "Connections that one client, an IPv4 address or a /64 of IPv6, may have open at one time; more are closed. The proxies of proxy-from are not counted.")
    { Otherwise = "no limit" };

    public static readonly ObjectShape<Listener> Shape = new("a listener", [Name, Port, Protocol, Address, Certificate, ClientAuthorities, ProxyFrom, ConnectionsPerClient], o => new Listener(o.Get(Name), o.Need(Port, 0), o.Get(Protocol), o.Get(Address))
    {
        Certificate = o.Maybe(Certificate),
        ClientAuthorities = o.Maybe(ClientAuthorities),
        ProxyFrom = o.Get(ProxyFrom),
        ConnectionsPerClient = o.Number(ConnectionsPerClient),
    })
    {
        Short = new ShortForm<int, Listener>(Common.PortNumber, (port, _) => new Listener("", port)),
    };
}
