using System.Net;
using OpenCluster.Data.Durability;

namespace OpenCluster.Data;

/// <summary>How a data server runs.</summary>
public sealed record DataOptions
{
    /// <summary>Where the log and its snapshots live; null: nothing is kept, it is a cache.</summary>
    public string? Directory { get; init; }

    /// <summary>The file that says which spaces there are, with limits and users; null: one space, which anybody who reaches the port opens.</summary>
    public string? Spaces { get; init; }

    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0: any free one. Default 6379, where clients of Redis look.</summary>
    public int Port { get; init; } = 6379;

    public FsyncPolicy Fsync { get; init; } = FsyncPolicy.EverySecond;

    /// <summary>Threads that read and send. Default 1, 1 to 64; more help when the network's part of the work fills a core.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>The most clients at once. Default 10,000; each needs an open file.</summary>
    public int MaxConnections { get; init; } = 10_000;
}
