using System.Collections.Immutable;

namespace OpenCluster.Model.Nouns;

/// <summary>What is spoken at a listener.</summary>
public enum ListenerProtocol
{
    Http,
    /// <summary>HTTP over TLS that ends at the balancer.</summary>
    Https,
    /// <summary>Bytes, relayed without being looked at.</summary>
    Tcp,
    /// <summary>TLS that passes through to the target, which is chosen by the name the client asks for (SNI).</summary>
    Tls,
    /// <summary>Datagrams.</summary>
    Udp,
    /// <summary>Apps register here and ask the broker.</summary>
    Registrations,
}

/// <summary>Where a balancer accepts connections. An empty address is the server's own.</summary>
public sealed record Listener(string Name, int Port, ListenerProtocol Protocol = ListenerProtocol.Http, string Address = "")
{
    /// <summary>For HTTPS: the certificate for clients that ask for no name, or for one that no certificate is for; null for the first there is.</summary>
    public string? Certificate { get; init; }

    /// <summary>For HTTPS: a file on the balancer's server with the authorities (PEM) whose client certificates are asked for; null to ask for none.</summary>
    public string? ClientAuthorities { get; init; }

    /// <summary>Networks (<c>10.0.0.0/8</c>) whose connections begin with the PROXY protocol. It is believed from nobody else.</summary>
    public ImmutableArray<string> ProxyFrom { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Connections that one client (an IPv4 address, or a /64 of IPv6) may have open at one time; null for no limit. Those in <see cref="ProxyFrom"/> stand for many and are not counted.</summary>
    public int? ConnectionsPerClient { get; init; }

    /// <summary>Its routes are those of hosts and paths.</summary>
    public static bool SpeaksHttp(ListenerProtocol protocol) => protocol is ListenerProtocol.Http or ListenerProtocol.Https;
}

/// <summary>A certificate for HTTPS: two files on the balancer's server. Neither they nor what is in them are ever in the store.</summary>
public sealed record Certificate : INamed
{
    public string Id { get; init; } = "";
    public required string Name { get; init; }
    public string? RenamedFrom { get; init; }
    /// <summary>Load-balancers that use it; empty for all.</summary>
    public ImmutableArray<string> LoadBalancers { get; init => field = value.IsDefault ? [] : value; } = [];
    /// <summary>Host names (<c>example.org</c>, <c>*.example.org</c>) it is for; empty for those it names itself.</summary>
    public ImmutableArray<string> Hosts { get; init => field = value.IsDefault ? [] : value; } = [];
    /// <summary>PEM: the certificate, then those between it and its authority.</summary>
    public required string File { get; init; }
    /// <summary>PEM: its private key, not encrypted.</summary>
    public required string Key { get; init; }
}

/// <summary>How the balancer speaks TLS to targets: 1.2 or later.</summary>
public sealed record TargetTls
{
    /// <summary>Whether the target's certificate is checked: its authority, its time, its name. Without, anybody between may pose as the target.</summary>
    public bool Verify { get; init; } = true;
    /// <summary>A file on the balancer's server with the authorities (PEM) that may have signed it; null for those the system trusts.</summary>
    public string? Authorities { get; init; }
    /// <summary>The name that is asked for (SNI) and must be in the certificate; null for the target's address.</summary>
    public string? Name { get; init; }
}

/// <summary>Versions of the PROXY protocol. 1 is a line of text; 2 is binary.</summary>
public enum ProxyProtocol { None, V1, V2 }
