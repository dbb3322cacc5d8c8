using System.Collections.Immutable;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary><c>certificates</c>: what HTTPS listeners show.</summary>
internal static class ServerCertificateSchema
{
    private static readonly OptionalKey<string> File = new("file", Common.File, "The certificate in PEM, then those between it and its authority.") { Required = true };
    private static readonly OptionalKey<string> Key = new("key", Common.File, "Its private key in PEM, not encrypted, readable by the load-balancer alone.") { Required = true };
    private static readonly Key<ImmutableArray<string>> Hosts = new("hosts", new ListShape<string>("hosts", new TextShape("a host", Texts.NotACertifiedHost)),
        "The hosts it is shown for: example.org, *.example.org.", [])
    { UsualWords = "those it names itself" };
    private static readonly Key<ImmutableArray<string>> LoadBalancers = new("load-balancers", Common.Names("load-balancers", "the name of a load-balancer"),
        "The load-balancers that use it.", [])
    { UsualWords = "all" };

    public static readonly ObjectShape<Certificate> Shape = new("a certificate", [Common.RenamedFrom, File, Key, Hosts, LoadBalancers], o => new Certificate
    {
        Name = o.Name,
        RenamedFrom = o.Maybe(Common.RenamedFrom),
        File = o.Need(File, ""),
        Key = o.Need(Key, ""),
        Hosts = o.Get(Hosts),
        LoadBalancers = o.Get(LoadBalancers),
    });
}

/// <summary>The keys of a route about how its connections go: HTTP/2, TLS and PROXY protocol to targets, TCP and UDP.</summary>
internal static class TransportSchema
{
    private static readonly Key<bool> Verify = new("verify", new FlagShape(), "Check the instances' certificates. Without, anybody between may pose as an instance.", true);
    private static readonly OptionalKey<string> Authorities = new("authorities", Common.File, "The authorities (PEM) that may have signed them.") { Otherwise = "those the load-balancer's system trusts" };
    private static readonly OptionalKey<string> Name = new("name", new TextShape("a host", Texts.NotAHostName), "The name that is asked for, and that must be in the certificates.") { Otherwise = "the instance's address" };

    private static readonly ObjectShape<TargetTls> TlsShape = new("a TLS rule", [Verify, Authorities, Name],
        o => new TargetTls { Verify = o.Get(Verify), Authorities = o.Maybe(Authorities), Name = o.Maybe(Name) })
    {
        Short = new ShortForm<bool, TargetTls>(new FlagShape(), (on, _) => on ? new TargetTls() : null!),
    };

    public static readonly Key<ImmutableArray<string>> Listeners = new("listeners", Common.Names("listeners", "the name of a listener"),
        "The tcp, udp or tls listeners whose connections go there, instead of requests for hosts and paths.", []);
    public static readonly Key<TargetTls?> Tls = new("tls", TlsShape!, "Speak TLS to the instances.", null) { UsualWords = "false" };
    public static readonly Key<TargetHttp> Speak = new("speak", new ChoiceShape<TargetHttp>(("http1", TargetHttp.Http1), ("http2", TargetHttp.Http2)),
        "What is spoken to the instances, whatever clients speak: HTTP/1.1, or HTTP/2, which gRPC needs.", TargetHttp.Http1);
    public static readonly Key<ProxyProtocol> Proxy = new("proxy-protocol", new ChoiceShape<ProxyProtocol>(("none", ProxyProtocol.None), ("v1", ProxyProtocol.V1), ("v2", ProxyProtocol.V2)),
        "Tell the instances of the client by this version of the PROXY protocol. Their connections then serve one client each.", ProxyProtocol.None);
    public static readonly OptionalKey<TimeSpan> Idle = new("idle", Common.Duration("1s", "7d"), "Silence both ways after which a connection of TCP, or a session of UDP, is ended.")
    { Otherwise = "1h, for UDP 1m" };
}
