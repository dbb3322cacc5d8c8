using System.Collections.Immutable;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.LocalApi;

/// <summary>What can be asked of an agent on its own server.</summary>
public enum LocalVerb
{
    /// <summary>All instances and their status.</summary>
    Instances,
    /// <summary>Restart one; a load-balancer hands over.</summary>
    Restart,
    /// <summary>Do not start it again when it dies.</summary>
    Hold,
    /// <summary>Undo a hold; starts it when it is down.</summary>
    Release,
    /// <summary>End the agent and leave what it started running.</summary>
    StopAgent,
    /// <summary>Stop everything it started, load-balancers first, then end the agent.</summary>
    StopAll,
}

/// <summary>One line of JSON.</summary>
public sealed record LocalRequest(LocalVerb Verb, string? Instance = null);

/// <summary>One line of JSON back.</summary>
public sealed record LocalAnswer
{
    /// <summary>Null when it was done.</summary>
    public string? Error { get; init; }
    public ImmutableArray<InstanceStatus> Instances { get; init; } = [];
}
