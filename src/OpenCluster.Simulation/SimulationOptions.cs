using System.Collections.Immutable;

namespace OpenCluster.Simulation;

public sealed record SimulationOptions
{
    /// <summary>Virtual time in which things are changed and broken. Default 2 minutes; a quiet time follows in which all must heal.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Time without faults at the end. Longer than a roll-out may take, with its roll-back. Default 200 s.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromSeconds(200);

    /// <summary>Keep what happened, line by line; costs time and memory.</summary>
    public bool Trace { get; init; }

    /// <summary>Requests per second of the clients. Default 4.</summary>
    public int RequestsPerSecond { get; init; } = 4;

    /// <summary>False: the operator works, and nothing breaks. Then not one request may fail.</summary>
    public bool Faults { get; init; } = true;
}

/// <summary>What a seed led to. Equal seed and options, equal result.</summary>
public sealed record SimulationResult
{
    public required ulong Seed { get; init; }
    /// <summary>Invariants that were broken, with the time and what showed it; empty is good. The run ends at the first.</summary>
    public ImmutableArray<string> Violations { get; init; } = [];
    /// <summary>What happened, when <see cref="SimulationOptions.Trace"/> is on.</summary>
    public ImmutableArray<string> Trace { get; init; } = [];
    public required SimulationStats Stats { get; init; }
}

public sealed record SimulationStats
{
    public TimeSpan Virtual { get; init; }
    public long Steps { get; init; }
    public long Events { get; init; }
    public long Commits { get; init; }
    public int Faults { get; init; }
    public int ControllerCrashes { get; init; }
    public int Deployments { get; init; }
    public int RolledBack { get; init; }
    public int InstancesStarted { get; init; }
    public long Requests { get; init; }
    public long FailedRequests { get; init; }
}
