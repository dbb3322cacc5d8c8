using System.Collections.Immutable;
using OpenCluster.Decisions.RollOuts;
using OpenCluster.Decisions.Servers;
using OpenCluster.Decisions.Sets;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>The cluster as the conductor sees it at one moment. Zones of instances, releases and deployments are names here.</summary>
public sealed record ClusterView
{
    /// <summary>What the owner declared, with ids.</summary>
    public required Cluster Cluster { get; init; }
    public ImmutableArray<ServerSight> Servers { get; init; } = [];
    public ImmutableArray<ServiceSight> Services { get; init; } = [];
    public ImmutableArray<BalancerSight> Balancers { get; init; } = [];
    public ImmutableArray<SpaceSight> Spaces { get; init; } = [];
    /// <summary>Instances of everything, built-in parts included, by id.</summary>
    public ImmutableArray<InstanceSight> Instances { get; init; } = [];
    public ImmutableArray<Pause> Pauses { get; init; } = [];
    /// <summary>The last 1,000, oldest first.</summary>
    public ImmutableArray<Note> Notes { get; init; } = [];
    /// <summary>Applied files, oldest first, without their text; that is in the document <c>file/N</c> (<see cref="AppliedFile.Read"/>).</summary>
    public ImmutableArray<AppliedFile> Files { get; init; } = [];
    /// <summary>Set while so many servers are silent that the controller suspects itself.</summary>
    public DateTimeOffset? FrozenSince { get; init; }
}

/// <param name="Report">The last one; null before the first since the controller started.</param>
/// <param name="Leaving">Taken out of the file, and still running something.</param>
/// <param name="Respite">Why it carries no load; null when it does.</param>
public sealed record ServerSight(Server Server, ServerHealth Health, ServerReport? Report, string Address, bool Leaving, Pause? Paused, Respite? Respite);

public sealed record ServiceSight(Service Service, ImmutableArray<ServiceZoneSight> Zones, ImmutableArray<Release> Releases);

/// <summary>A service in one zone.</summary>
/// <param name="Current">The release that should run; null when none ever did.</param>
/// <param name="Active">The deployment under way, also while its commit is asked for.</param>
/// <param name="Deployments">The last 50, oldest first.</param>
/// <param name="Lacks">Why fewer run than wanted, when nothing can be done about it now.</param>
public sealed record ServiceZoneSight(
    string Zone, ZoneDeployment Declared, Release? Current, Deployment? Active, int Wanted, int Ready,
    ImmutableArray<InstanceSight> Instances, ImmutableArray<Deployment> Deployments, string? Lacks);

/// <param name="Name">Name of the service or built-in part.</param>
/// <param name="Release">Number of the release; 0 for built-in parts.</param>
/// <param name="Status">What its agent last said; null when it has not said anything of it.</param>
public sealed record InstanceSight(Instance Instance, string Name, string Server, string Location, int Release, InstanceStatus? Status);

/// <param name="Report">The last one; null before the first since the controller started.</param>
public sealed record BalancerSight(InstanceSight Process, LoadBalancer LoadBalancer, BalancerReport? Report, DateTimeOffset? HeardAt, ImmutableArray<Listener> Listeners);

/// <param name="State">Null while too few servers can hold a copy.</param>
public sealed record SpaceSight(DataSpace Space, SetState? State, Pause? Paused);

public enum MoveKind { Create, Replace, Remove }

/// <summary>One thing that applying a file would do to what runs.</summary>
/// <param name="Server">Name of the server; empty when it is not known before it happens.</param>
/// <param name="Instance">Id of what is replaced or removed; null for something new.</param>
public sealed record Move(MoveKind Kind, string Service, string Zone, string Server, string? Instance, string Reason);
