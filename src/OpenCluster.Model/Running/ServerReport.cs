using System.Collections.Immutable;

namespace OpenCluster.Model.Running;

/// <summary>What an agent says, at every heartbeat and at once when an instance changes.</summary>
public sealed record ServerReport
{
    public required string ServerId { get; init; }
    /// <summary>Kernel's boot id: tells a restart of the machine from a restart of the agent.</summary>
    public required string BootId { get; init; }
    /// <summary>When this agent process started; with <see cref="Sequence"/> it orders reports.</summary>
    public DateTimeOffset AgentStarted { get; init; }
    public long Sequence { get; init; }
    /// <summary>Revision of the assignment it acts on.</summary>
    public long Revision { get; init; }
    public string Version { get; init; } = "";
    /// <summary>The IP address instances here listen at and others reach them by. It wins over the address in the file.</summary>
    public required string Address { get; init; }
    /// <summary>Added to listener ports below 1024 where an agent may not bind them (a laptop without root); else 0.</summary>
    public int LowPortOffset { get; init; }
    /// <summary>Where the agent answers agents of other servers about replicated sets; 0 while it does not.</summary>
    public int VotePort { get; init; }
    public MachineFacts Facts { get; init; } = new();
    public ImmutableArray<InstanceStatus> Instances { get; init; } = [];
    public ImmutableArray<BuildStatus> Builds { get; init; } = [];
    /// <summary>What this machine lacks and the agent therefore goes without, for a person: "no cgroup v2 memory controller: memory limits are watched, not enforced".</summary>
    public ImmutableArray<string> Without { get; init; } = [];
}

/// <summary>What the machine is.</summary>
public sealed record MachineFacts
{
    public string Hostname { get; init; } = "";
    public string System { get; init; } = "";
    public string Architecture { get; init; } = "";
    public int Cpus { get; init; }
    public long MemoryBytes { get; init; }
    public long MemoryAvailableBytes { get; init; }
    public long DiskBytes { get; init; }
    public long DiskFreeBytes { get; init; }
    public double Load { get; init; }
}

public enum BuildPhase { Waiting, Fetching, Building, Packing, Uploading, Done, Failed }

/// <summary>How far a build is. Done carries the digest of the archive the controller now has.</summary>
public sealed record BuildStatus
{
    public required string ReleaseId { get; init; }
    public BuildPhase Phase { get; init; }
    public string? Digest { get; init; }
    public long SizeBytes { get; init; }
    /// <summary>First line of the commit's message, at most 200 characters; empty when the source has none.</summary>
    public string Message { get; init; } = "";
    public Failure? Failure { get; init; }
}
