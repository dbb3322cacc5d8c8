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

    public static readonly ObjectShape<LoadBalancer> Shape = new("a load-balancer", [Common.RenamedFrom, Role, Zone, Listen, MetricsPort], o => new LoadBalancer
    {
        Name = o.Name,
        RenamedFrom = o.Maybe(Common.RenamedFrom),
        Role = o.Get(Role),
        Zone = o.Maybe(Zone),
        Listeners = Named(o.Need(Listen, [])),
        MetricsPort = o.Get(MetricsPort),
    });

    /// <summary>Listeners without a name: the first is <c>http</c>, the others <c>http-PORT</c>.</summary>
    private static ImmutableArray<Listener> Named(ImmutableArray<Listener> listeners)
    {
        var named = ImmutableArray.CreateBuilder<Listener>(listeners.Length);
        foreach (var listener in listeners)
        {
            var name = listener.Name.Length > 0 ? listener.Name : named.Any(l => l.Name == "http") ? $"http-{listener.Port}" : "http";
            named.Add(listener with { Name = name });
        }
        return named.MoveToImmutable();
    }
}

/// <summary><c>listen</c>: one address and port.</summary>
internal static class ListenerSchema
{
    private static readonly Key<string> Name = new("name", Common.Name, "What it is called in metrics and logs.", "") { UsualWords = "http for the first, http-PORT for others" };
    private static readonly OptionalKey<int> Port = new("port", Common.PortNumber, "The port.") { Required = true };
    private static readonly Key<ListenerProtocol> Protocol = new("protocol", new ChoiceShape<ListenerProtocol>(("http", ListenerProtocol.Http), ("registrations", ListenerProtocol.Registrations)), "What is spoken. registrations: apps register here and ask the broker.", ListenerProtocol.Http);
    private static readonly Key<string> Address = new("address", new TextShape("an IP address", Texts.NotAnAddress), "The address.", "") { UsualWords = "the server's own" };

    public static readonly ObjectShape<Listener> Shape = new("a listener", [Name, Port, Protocol, Address],
        o => new Listener(o.Get(Name), o.Need(Port, 0), o.Get(Protocol), o.Get(Address)))
    {
        Short = new ShortForm<int, Listener>(Common.PortNumber, (port, _) => new Listener("", port)),
    };
}
