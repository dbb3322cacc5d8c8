using System.Collections.Immutable;

namespace OpenCluster.Model.Running;

public enum Wanted
{
    /// <summary>Run and take traffic.</summary>
    Run,
    /// <summary>Built, fetched, checked, not started until activated.</summary>
    Held,
    /// <summary>No new traffic; stop when what is in flight has ended or the drain time is over.</summary>
    Drain,
    /// <summary>Stop now (SIGTERM, grace, SIGKILL).</summary>
    Stop,
}

/// <summary>One running copy of a service on one server, as the controller wants it.</summary>
public sealed record Instance
{
    /// <summary><c>api-7</c>: the service's name when it was made, and a number that only grows.</summary>
    public required string Id { get; init; }
    public required string ServiceId { get; init; }
    /// <summary>Id of the release it runs; null for built-in parts.</summary>
    public string? ReleaseId { get; init; }
    public required string ServerId { get; init; }
    /// <summary>In documents the zone's id (empty for built-in parts, which belong to a server); in views its name.</summary>
    public required string Zone { get; init; }
    public Wanted Wanted { get; init; } = Wanted.Run;
    public DateTimeOffset Created { get; init; }
    /// <summary>When it began to drain; for the drain limit.</summary>
    public DateTimeOffset? DrainSince { get; init; }
}

/// <summary>
/// Fetching → Starting → Checking → Ready; from there Unhealthy and back, BackingOff → Starting after a death, Draining → Stopping → Stopped.
/// Failed is final for this order: the release cannot be fetched or never starts.
/// </summary>
public enum InstancePhase { Pending, Fetching, Starting, Checking, Ready, Unhealthy, BackingOff, Draining, Stopping, Stopped, Failed, Held }

/// <summary>What an agent says about one instance.</summary>
public sealed record InstanceStatus
{
    public required string Id { get; init; }
    public string? ReleaseId { get; init; }
    public InstancePhase Phase { get; init; }
    public DateTimeOffset Since { get; init; }
    public int Pid { get; init; }
    /// <summary>Address it listens at.</summary>
    public string Address { get; init; } = "";
    /// <summary>Chosen port numbers by name.</summary>
    public ImmutableSortedDictionary<string, int> Ports { get; init; } = ImmutableSortedDictionary<string, int>.Empty;
    /// <summary>Starts after the first one.</summary>
    public int Restarts { get; init; }
    /// <summary>Why it is not Ready, when it is not; kept after a restart so that it can be read.</summary>
    public Failure? Failure { get; init; }
    /// <summary>What it wrote last, at most 20 lines, while it is new enough for a roll-out to watch it; empty afterwards.</summary>
    public ImmutableArray<string> Wrote { get; init; } = [];
    public Usage Usage { get; init; } = new();
}

/// <summary>Measured use. CPU in cores over the last interval; memory as proportional set size where readable, else resident.</summary>
public sealed record Usage(double Cpu = 0, long MemoryBytes = 0);
