using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Placing;

/// <summary>A server that may run the service: right zone, role and tags.</summary>
public sealed record Candidate
{
    public required string ServerId { get; init; }
    public required string ServerName { get; init; }
    public string Location { get; init; } = "default";
    /// <summary>Alive, settled and not paused: it would take a new instance if there was room.</summary>
    public bool Trusted { get; init; }
    /// <summary><see cref="Trusted"/>, and none of the service's fixed ports taken: new instances may come here.</summary>
    public bool Open { get; init; }
    /// <summary>Not heard of yet, but its agent may report at any moment until then; null when nobody waits for it.</summary>
    public DateTimeOffset? AwaitedUntil { get; init; }
    /// <summary>What is left of its capacity.</summary>
    public Room Free { get; init; } = Room.Unlimited;
    /// <summary>Instances of all services on it; the emptier server is preferred.</summary>
    public int Load { get; init; }
    /// <summary>Runs an instance that the new one replaces: preferred among equals.</summary>
    public bool Partner { get; init; }
    /// <summary>Holds directories that the new instance needs: preferred before all else.</summary>
    public bool Sticky { get; init; }
    /// <summary>Only one instance of this service can be here (it has a fixed port).</summary>
    public bool OnlyOne { get; init; }
}

/// <summary>What is left of a server's capacity; never said means endless.</summary>
public readonly record struct Room(double MemoryBytes, double Cpu, double DiskBytes, double Instances)
{
    public static Room Unlimited { get; } = new(double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity);

    public static Room Of(Capacity capacity) => new(
        capacity.MemoryBytes ?? double.PositiveInfinity,
        capacity.Cpu ?? double.PositiveInfinity,
        capacity.DiskBytes ?? double.PositiveInfinity,
        capacity.Instances ?? double.PositiveInfinity);

    public Room Minus(Capacity takes) => new(
        MemoryBytes - (takes.MemoryBytes ?? 0), Cpu - (takes.Cpu ?? 0), DiskBytes - (takes.DiskBytes ?? 0), Instances - 1);

    public bool Fits(Capacity takes)
    {
        // Sums of fractions of cores: a thousandth of a core is not worth a refusal.
        var left = Minus(takes);
        return left.MemoryBytes >= 0 && left.Cpu >= -0.001 && left.DiskBytes >= 0 && left.Instances >= 0;
    }
}

/// <summary>A running instance of the service, as placement sees it.</summary>
public sealed record Seat(string InstanceId, string ServerId, DateTimeOffset Created)
{
    /// <summary>Ready, on a server that is alive, and in use by the load-balancers where they route to it.</summary>
    public bool Healthy { get; init; }
    /// <summary>Known to serve nobody. What is neither healthy nor useless is not known well enough to be counted on or given up.</summary>
    public bool Useless { get; init; }
    /// <summary>Its server is down for longer than <c>replace-after</c>: it counts for nothing until the server returns.</summary>
    public bool Lost { get; init; }
    /// <summary>Its server returned a moment ago: nothing is removed on its account yet.</summary>
    public bool Settling { get; init; }
    /// <summary>On its way to take the place of another, which is too many only when this one is ready.</summary>
    public bool Arriving { get; init; }
    /// <summary>Why it should not be where it is (server leaves, lost the role, other release); null when it is fine.</summary>
    public string? Misplaced { get; init; }
    /// <summary>Misplaced for so long that it goes even if its replacement fits nowhere.</summary>
    public bool Overdue { get; init; }
}

public sealed record Addition(string ServerId, string Reason);

public sealed record Removal(string InstanceId, string Reason);

/// <summary>Instances to add and to remove, each with a reason for a person.</summary>
/// <param name="Missing">How many should run and fit nowhere, with the reason in <paramref name="MissingReason"/>.</param>
public sealed record PlacementResult(
    IReadOnlyList<Addition> Additions, IReadOnlyList<Removal> Removals, int Missing, string MissingReason);
