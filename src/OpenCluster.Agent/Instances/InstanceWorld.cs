using OpenCluster.Agent.Limits;
using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Releases;
using OpenCluster.Agent.Secrets;
using OpenCluster.Agent.Sets;
using OpenCluster.Agent.Users;
using OpenCluster.Decisions;

namespace OpenCluster.Agent.Instances;

/// <summary>What every instance's keeper shares with the others.</summary>
internal sealed record InstanceWorld
{
    public required AgentOptions Options { get; init; }
    public required AgentDirectory Directory { get; init; }
    public required AgentLoop Loop { get; init; }
    public required AgentLog Log { get; init; }
    public required TimeProvider Time { get; init; }
    public required SteadyClock Clock { get; init; }
    public required ExitWatch Exits { get; init; }
    public required PortChooser Ports { get; init; }
    public required UserIds Users { get; init; }
    public required ReleaseStore Releases { get; init; }
    public required SecretStore Secrets { get; init; }
    public required SecretFiles SecretFiles { get; init; }
    public required InstanceStart Start { get; init; }
    public required SetRoom Sets { get; init; }
    public CgroupV2? Cgroup { get; init; }
    /// <summary>Cancelled when the agent goes.</summary>
    public required CancellationToken Ending { get; init; }
    /// <summary>Something to report has changed.</summary>
    public required Action Changed { get; init; }
    /// <summary>The agent's disk is in trouble (in words), or well again (null).</summary>
    public required Action<string?> Disk { get; init; }
}
