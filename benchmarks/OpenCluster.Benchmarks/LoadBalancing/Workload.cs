namespace OpenCluster.Benchmarks.LoadBalancing;

/// <summary>What the generator speaks to the proxy. Behind it everything is HTTP/1.1 on kept connections, or bytes.</summary>
internal enum Speaks
{
    Http1,
    /// <summary>HTTP/1.1 over TLS 1.3, ECDSA P-256.</summary>
    Https,
    /// <summary>HTTP/2 over TLS.</summary>
    Http2,
    /// <summary>HTTP/1.1, at which the proxy does not look.</summary>
    Tcp,
}

/// <summary>One kind of traffic, the same for every proxy.</summary>
/// <param name="BodyBytes">Size of each answer's body.</param>
/// <param name="NewConnections">The client asks for the connection to be closed after every request.</param>
/// <param name="Bound">The most that ours may cost, as a multiple of HAProxy's CPU time; of nginx's where HAProxy cannot do it.</param>
/// <param name="FixedRate">Latency at a fixed rate is measured as well.</param>
/// <param name="Static">A file served by the proxy itself instead of forwarding.</param>
internal sealed record Workload(
    string Name, int BodyBytes, double Bound, Speaks Speaks = Speaks.Http1, bool NewConnections = false, bool Static = false, bool FixedRate = false)
{
    public static IReadOnlyList<Workload> All { get; } =
    [
        new("HTTP/1.1 kept, 66 B", 66, Bound: 0.85, FixedRate: true),
        new("HTTP/1.1 kept, 64 KiB", 64 << 10, Bound: 1),
        new("new connection each, 66 B", 66, Bound: 1, NewConnections: true),
        new("HTTPS kept, 66 B", 66, Bound: 1.1, Speaks.Https),
        new("new HTTPS connection each, 66 B", 66, Bound: 1.1, Speaks.Https, NewConnections: true),
        new("HTTP/2 to HTTP/1.1, 66 B", 66, Bound: 1.5, Speaks.Http2),
        new("TCP relay, 64 KiB", 64 << 10, Bound: 1, Speaks.Tcp),
        new("static file, 10 KiB", 10 << 10, Bound: 1, Static: true),
    ];

    public bool IsSecure => Speaks is Speaks.Https or Speaks.Http2;

    public string Path => Static ? "/body" : "/";

    public string Url(int port) => $"{(IsSecure ? "https" : "http")}://127.0.0.1:{port}{Path}";
}
