using System.Collections.Immutable;

namespace OpenCluster.Model.Nouns;

/// <summary>What keeps a space's data.</summary>
public enum DataEngine
{
    /// <summary>Processes of redis-server, one primary and its replicas, for this space alone.</summary>
    Redis,
}

/// <summary>What a set does whose copies can no longer agree because there are only two of them and no witness.</summary>
public enum WhenAlone
{
    /// <summary>Either of the two stops taking writes without the other.</summary>
    Stop,
    /// <summary>The primary goes on alone; nobody takes over from it unless a person says so.</summary>
    Continue,
}

/// <summary>A space of Data: one replicated group, with a primary and copies of it on servers of a role.</summary>
public sealed record DataSpace : INamed
{
    public string Id { get; init; } = "";
    public required string Name { get; init; }
    public string? RenamedFrom { get; init; }
    public DataEngine Engine { get; init; } = DataEngine.Redis;
    /// <summary>The role whose servers may hold a copy.</summary>
    public string Role { get; init; } = "default";
    /// <summary>Only servers of this zone; null for any.</summary>
    public string? Zone { get; init; }
    /// <summary>Only servers at or below these locations; empty for any.</summary>
    public ImmutableArray<string> Locations { get; init => field = value.IsDefault ? [] : value; } = [];
    /// <summary>How many servers hold a copy, the primary's among them. 1 to 7, default 3.</summary>
    public int Copies { get; init; } = 3;
    /// <summary>So many replicas must have a write before it counts as acknowledged. 0 to copies − 1, default 1 (0 with one copy).</summary>
    public int Replicas { get; init; } = 1;
    /// <summary>A replica silent for longer counts as away when <see cref="Replicas"/> are looked for. Whole seconds, 1 s to 5 min, default 10 s.</summary>
    public TimeSpan Lag { get; init; } = TimeSpan.FromSeconds(10);
    /// <summary>Servers that vote on who is primary and hold no copy.</summary>
    public ImmutableArray<string> Witnesses { get; init => field = value.IsDefault ? [] : value; } = [];
    /// <summary>For two copies without a witness.</summary>
    public WhenAlone WhenAlone { get; init; } = WhenAlone.Stop;
    /// <summary>Where each copy listens. Default 6379.</summary>
    public int Port { get; init; } = 6379;
    /// <summary>The most that keys and values may take on each server; a full space refuses writes. Null for no bound.</summary>
    public long? MemoryBytes { get; init; }
    /// <summary>When the log is synced.</summary>
    public FsyncRule Fsync { get; init; } = FsyncRule.EverySecond;
    /// <summary>The program: redis-server, or another of its family (from Redis 7). Looked for on the usual path.</summary>
    public string Program { get; init; } = "redis-server";

    /// <summary>Servers that may hold a copy.</summary>
    public bool Suits(Server server) =>
        server.Roles.Contains(Role)
        && (Zone is null || server.Zone == Zone)
        && (Locations.IsEmpty || Locations.Any(l => server.Location == l || server.Location.StartsWith(l + ".", StringComparison.Ordinal)));
}

/// <summary>When what is written to a log is synced to the disk.</summary>
public enum FsyncRule
{
    /// <summary>Before it is answered.</summary>
    Always,
    /// <summary>Once a second: a machine that dies loses as much.</summary>
    EverySecond,
    /// <summary>When the system likes.</summary>
    No,
}
