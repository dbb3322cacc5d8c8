namespace OpenCluster.Benchmarks.LoadBalancing;

/// <summary>One kind of traffic, the same for every proxy.</summary>
/// <param name="BodyBytes">Size of each answer's body.</param>
/// <param name="NewConnections">The client asks for the connection to be closed after every request.</param>
/// <param name="Bound">The most that ours may cost, as a multiple of HAProxy's CPU time; of nginx's where HAProxy cannot do it.</param>
/// <param name="FixedRate">Latency at a fixed rate is measured as well.</param>
/// <param name="Static">A file served by the proxy itself instead of forwarding.</param>
internal sealed record Workload(string Name, int BodyBytes, double Bound, bool NewConnections = false, bool Static = false, bool FixedRate = false)
{
    public static IReadOnlyList<Workload> All { get; } =
    [
        new("HTTP/1.1 kept, 66 B", 66, Bound: 0.85, FixedRate: true),
        new("HTTP/1.1 kept, 64 KiB", 64 << 10, Bound: 1),
        new("new connection each, 66 B", 66, Bound: 1, NewConnections: true),
        new("static file, 10 KiB", 10 << 10, Bound: 1, Static: true),
    ];

    public string Path => Static ? "/body" : "/";
}
