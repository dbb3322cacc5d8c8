using System.Collections.Immutable;
using OpenCluster.Model.Running;

namespace OpenCluster.Api.Views;

/// <summary>The cluster at a glance: what still works, in one word and one sentence.</summary>
public sealed record ClusterStatus
{
    public required string Cluster { get; init; }
    /// <summary>True when every service has all its instances ready and no server is down.</summary>
    public bool Healthy { get; init; }
    /// <summary>"Customers are served: 2 of 2 routes have healthy targets. Server web2 is down since 03:02."</summary>
    public string Sentence { get; init; } = "";
    public string Version { get; init; } = "";
    public long Revision { get; init; }
    public int FileVersion { get; init; }
    public ImmutableArray<ServerView> Servers { get; init; } = [];
    public ImmutableArray<ServiceView> Services { get; init; } = [];
    public ImmutableArray<RouteView> Routes { get; init; } = [];
    public ImmutableArray<BalancerView> Balancers { get; init; } = [];
    public ImmutableArray<PauseView> Pauses { get; init; } = [];
    /// <summary>What the controller could not take in because of a mistake in itself; newest first.</summary>
    public ImmutableArray<AsideView> Aside { get; init; } = [];
}

/// <summary>An event that the controller set aside: deciding about it failed, and nothing of it was done.</summary>
/// <param name="Source">Where it came from: <c>report/srv-2</c>, <c>push/svc-1</c>, <c>apply</c>.</param>
/// <param name="At">The last time.</param>
/// <param name="Times">How often in a row.</param>
/// <param name="Error">The error.</param>
/// <param name="Where">The innermost calls, for whoever mends it.</param>
public sealed record AsideView(string Source, DateTimeOffset At, int Times, string Error, string Where);

public sealed record ServerView
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public string Zone { get; init; } = "";
    public string Location { get; init; } = "";
    public string Address { get; init; } = "";
    public ImmutableArray<string> Roles { get; init; } = [];
    /// <summary><c>unknown</c> (never heard), <c>alive</c>, <c>silent</c>, <c>down</c>.</summary>
    public string Health { get; init; } = "unknown";
    public DateTimeOffset? Since { get; init; }
    public string Reason { get; init; } = "";
    public string Version { get; init; } = "";
    public MachineFacts Facts { get; init; } = new();
    public int Instances { get; init; }
    /// <summary><c>drained</c> or <c>maintenance</c> while it is to carry no load; empty else.</summary>
    public string Respite { get; init; } = "";
    public ImmutableArray<string> Without { get; init; } = [];
}

public sealed record ServiceView
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public string Role { get; init; } = "";
    public string Source { get; init; } = "";
    public ImmutableArray<ServiceZoneView> Zones { get; init; } = [];
}

public sealed record ServiceZoneView
{
    public required string Zone { get; init; }
    public string? Branch { get; init; }
    public int Wanted { get; init; }
    public int Ready { get; init; }
    /// <summary>Release that should run; 0 when none ever did.</summary>
    public int Release { get; init; }
    public string? Commit { get; init; }
    /// <summary>The last deployment.</summary>
    public DeploymentView? Deployment { get; init; }
}

public sealed record InstanceView
{
    public required string Id { get; init; }
    public required string Service { get; init; }
    public string Zone { get; init; } = "";
    public string Server { get; init; } = "";
    public string Location { get; init; } = "";
    public int Release { get; init; }
    public string Wanted { get; init; } = "";
    public InstanceStatus? Status { get; init; }
}

public sealed record ReleaseView
{
    public required string Id { get; init; }
    public required string Service { get; init; }
    /// <summary>Counts up through all zones of the service, so that it names one release wherever it is spoken of.</summary>
    public int Number { get; init; }
    /// <summary>The zone it was made for, whose settings it has.</summary>
    public string Zone { get; init; } = "";
    public string State { get; init; } = "";
    public string? Commit { get; init; }
    public string? Branch { get; init; }
    public string Message { get; init; } = "";
    public long SizeBytes { get; init; }
    public DateTimeOffset Created { get; init; }
    public Failure? Failure { get; init; }
    /// <summary>Zones where it runs now.</summary>
    public ImmutableArray<string> RunsIn { get; init; } = [];
}

public sealed record DeploymentView
{
    public required string Id { get; init; }
    public required string Service { get; init; }
    public required string Zone { get; init; }
    /// <summary><c>resolving, building, rolling, watching, rolling-back</c>, or one of the ends: <c>done, rolled-back, failed</c>.</summary>
    public required string Phase { get; init; }
    public bool Ended { get; init; }
    public int Release { get; init; }
    public int? PreviousRelease { get; init; }
    public string? Commit { get; init; }
    public string Message { get; init; } = "";
    public string By { get; init; } = "";
    public string Why { get; init; } = "";
    public DateTimeOffset Started { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    /// <summary>Where it stands, in a sentence.</summary>
    public string Sentence { get; init; } = "";
    public Failure? Failure { get; init; }
}

public sealed record RouteView
{
    public required string Name { get; init; }
    public ImmutableArray<string> Matches { get; init; } = [];
    public string Service { get; init; } = "";
    public string Zone { get; init; } = "";
    public int Targets { get; init; }
    public int Healthy { get; init; }
}

public sealed record BalancerView
{
    public required string Instance { get; init; }
    public required string LoadBalancer { get; init; }
    public string Server { get; init; } = "";
    /// <summary>URLs it listens at.</summary>
    public ImmutableArray<string> Urls { get; init; } = [];
    public bool Ready { get; init; }
    public long Revision { get; init; }
    public string? Refused { get; init; }
    public long Requests { get; init; }
    public long Failed { get; init; }
    /// <summary>What its owner should know, in words: certificates that end soon, or whose new files cannot be used.</summary>
    public ImmutableArray<string> Warnings { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>Automatic acts switched off, by whom and why.</summary>
public sealed record PauseView(string Scope, string By, string Why, DateTimeOffset Since);

/// <summary>What a plan would do. Lines are ready to print.</summary>
public sealed record PlanView
{
    /// <summary>The applied version it was compared with; 0 for none.</summary>
    public int Version { get; init; }
    public bool Empty { get; init; }
    public ImmutableArray<PlanLine> Changes { get; init; } = [];
    /// <summary>What someone changed elsewhere since the last apply.</summary>
    public ImmutableArray<PlanLine> Drift { get; init; } = [];
    /// <summary>What it means for what runs, per server, and why.</summary>
    public ImmutableArray<PlanLine> Moves { get; init; } = [];
    public ImmutableArray<string> Warnings { get; init; } = [];
}

/// <param name="Sign"><c>+</c> created, <c>~</c> changed or moved, <c>-</c> removed.</param>
public sealed record PlanLine(string Sign, string Subject, string Text);

public sealed record ApplyView(int Version, PlanView Plan);

public sealed record VersionView(int Version, DateTimeOffset At, string By, string Why, ImmutableArray<string> Changes, bool Current);

public sealed record DeployView(ImmutableArray<string> Deployments);

public sealed record SourceView(string Digest, long SizeBytes);

/// <summary>Where to send pushes of a service's repository, and the secret to sign them with.</summary>
public sealed record WebhookView(string Path, string Secret);

/// <summary>One line of the cluster's story; the id resumes the stream, also after the controller has started anew.</summary>
/// <param name="Weight"><c>good</c>, <c>info</c>, <c>warning</c> or <c>trouble</c>.</param>
public sealed record EventView(long Id, DateTimeOffset At, string Weight, string Subject, string Text, ImmutableArray<string> Evidence)
{
    /// <summary>Id of the event before it, so that a reader knows what it missed; 0 for the first.</summary>
    public long Previous { get; init; }
}

/// <summary>Who did what, from where and why.</summary>
/// <param name="Previous">Hash of the entry before; null for the first.</param>
/// <param name="Hash">See <see cref="Audit.AuditChain"/>.</param>
public sealed record AuditView(
    long Number, DateTimeOffset At, string By, string From, string What, string Why, string? Before, string? After, string? Previous = null, string? Hash = null);
