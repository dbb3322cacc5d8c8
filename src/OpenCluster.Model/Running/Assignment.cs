using System.Collections.Immutable;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Running;

/// <summary>
/// Everything one server should do, whole, as its agent is told it and keeps it on disk. An agent that hears nothing more goes on
/// with the last one.
/// </summary>
public sealed record Assignment
{
    public required string ServerId { get; init; }
    public required string ServerName { get; init; }
    public required string Cluster { get; init; }
    /// <summary>The store's revision it was made from, and the store's generation.</summary>
    public long Revision { get; init; }
    public string Generation { get; init; } = "";
    /// <summary>True when the server has left the cluster: stop everything, keep the data, say so.</summary>
    public bool Removed { get; init; }
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromMilliseconds(500);
    public ImmutableArray<InstanceOrder> Instances { get; init; } = [];
    public ImmutableArray<BuildOrder> Builds { get; init; } = [];
    public ImmutableArray<ScriptOrder> Scripts { get; init; } = [];
    /// <summary>Replicated sets in which this server has a copy or a vote.</summary>
    public ImmutableArray<SetSeat> Sets { get; init => field = value.IsDefault ? [] : value; } = [];
    /// <summary>Releases to keep on disk besides those that run, by id, for a quick roll-back; others may be deleted.</summary>
    public ImmutableArray<string> KeepReleases { get; init; } = [];
}

/// <summary>A release as an agent must know it to fetch and unpack it.</summary>
public sealed record ReleaseRef(string Id, int Number, string? Digest, long SizeBytes, string? Commit);

/// <summary>A secret by reference: what its file is called and which of its values it holds. Never the value: an agent asks for that, and keeps it in memory.</summary>
/// <param name="Version">Counted up from 1. In a release 0 stands for the newest; in an order there is always a number.</param>
public sealed record SecretRef(string Id, string Name, int Version);

/// <summary>One instance to keep running.</summary>
public sealed record InstanceOrder
{
    public required string Id { get; init; }
    public required string ServiceId { get; init; }
    public required string Service { get; init; }
    public required string Zone { get; init; }
    public required string Location { get; init; }
    /// <summary>The address it should listen at.</summary>
    public required string Address { get; init; }
    public Wanted Wanted { get; init; } = Wanted.Run;
    public ReleaseRef? Release { get; init; }
    public required ServiceSpec Spec { get; init; }
    /// <summary>The app's own, for registering and asking the broker; null for a service that does neither. Kept in files of its owner's alone.</summary>
    public string? Token { get; init; }
    /// <summary>Where load-balancers take registrations, as URLs; for those that have a token.</summary>
    public ImmutableArray<string> Registrars { get; init => field = value.IsDefault ? [] : value; } = [];
    /// <summary>For a copy of a space: which one; the seat in it is among the assignment's sets.</summary>
    public string? SetId { get; init; }
    /// <summary>For a built-in load-balancer: which one.</summary>
    public string? BalancerId { get; init; }
    /// <summary>The secrets it may have.</summary>
    public ImmutableArray<SecretRef> Secrets { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>A release to build here.</summary>
public sealed record BuildOrder
{
    public required string ReleaseId { get; init; }
    public required string ServiceId { get; init; }
    public required string Service { get; init; }
    public string? Git { get; init; }
    public string? Commit { get; init; }
    public string? Branch { get; init; }
    /// <summary>Fetch this uploaded archive instead of using git.</summary>
    public string? SourceDigest { get; init; }
    public Build? Build { get; init; }
    /// <summary>The secrets it may have: those that the build itself names.</summary>
    public ImmutableArray<SecretRef> Secrets { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>A script deployment: run the owner's script once for this release on this server.</summary>
public sealed record ScriptOrder
{
    public required string InstanceId { get; init; }
    public required string Service { get; init; }
    public required string Zone { get; init; }
    public required string Location { get; init; }
    public required ReleaseRef Release { get; init; }
    public required ServiceSpec Spec { get; init; }
    public ImmutableArray<SecretRef> Secrets { get; init => field = value.IsDefault ? [] : value; } = [];
}
