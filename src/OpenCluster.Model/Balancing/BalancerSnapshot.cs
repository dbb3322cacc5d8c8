using System.Collections.Immutable;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Balancing;

/// <summary>
/// The whole configuration of one load-balancer process: validated whole, swapped in one step, kept on disk as the last good one.
/// </summary>
public sealed record BalancerSnapshot
{
    /// <summary>Instance id of the balancer process this is for.</summary>
    public required string Balancer { get; init; }
    public required string Cluster { get; init; }
    public long Revision { get; init; }
    public string Generation { get; init; } = "";
    /// <summary>Location of the balancer, for preference by location.</summary>
    public string Location { get; init; } = "default";
    /// <summary>Addresses are filled in: every listener has an IP and a port.</summary>
    public ImmutableArray<Listener> Listeners { get; init; } = [];
    public ImmutableArray<RoutePlan> Routes { get; init; } = [];
    /// <summary>Every load-balancer process of the cluster that has told where its peers reach it, itself included.</summary>
    public ImmutableArray<Peer> Peers { get; init; } = [];
    /// <summary>Who may register and ask the broker. Empty for a balancer that does not listen for that.</summary>
    public ImmutableArray<AppToken> AppTokens { get; init; } = [];
    /// <summary>Every route of the cluster, for judging what apps may claim. Empty for a balancer that does not listen for registrations.</summary>
    public ImmutableArray<Site> Sites { get; init; } = [];
    /// <summary>What the broker knows of services and external endpoints. Empty for a balancer that does not listen for registrations.</summary>
    public ImmutableArray<BrokeredEndpoint> Endpoints { get; init; } = [];
    /// <summary>What is to be thrown out of the caches, newest last; a balancer carries out those it has not seen. At most 100.</summary>
    public ImmutableArray<CachePurge> Purges { get; init; } = [];
    public ImmutableArray<Certificate> Certificates { get; init => field = value.IsDefault ? [] : value; } = [];
    public AccessLogFormat AccessLog { get; init; }
    /// <summary>Null: no request is traced.</summary>
    public TraceRule? Traces { get; init; }
}

/// <summary>Cached answers to throw out: all of a route, those below a path, or those with a tag (<c>Cache-Tag</c>).</summary>
/// <param name="Number">Grows by one with each purge.</param>
/// <param name="Route">The route's name; empty for all routes.</param>
/// <param name="Path">A path, or with <c>*</c> at its end all that begin so; empty for all.</param>
/// <param name="Tag">A tag; empty for all.</param>
public sealed record CachePurge(long Number, string Route = "", string Path = "", string Tag = "");

/// <summary>A route with its targets.</summary>
public sealed record RoutePlan
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public RouteKind Kind { get; init; }
    public ImmutableArray<RouteMatch> Matches { get; init; } = [];
    /// <summary>Set for a route that sends its clients elsewhere instead of to targets.</summary>
    public Redirect? Redirect { get; init; }
    /// <summary>For a route of TCP, UDP or TLS that passes through: names of the listeners it serves. Empty for HTTP.</summary>
    public ImmutableArray<string> Listeners { get; init => field = value.IsDefault ? [] : value; } = [];
    public RouteRules Rules { get; init; } = new();
    /// <summary>How the balancer itself checks targets; null for a TCP connect.</summary>
    public HealthCheck? Check { get; init; }
    public ImmutableArray<Target> Targets { get; init; } = [];
    /// <summary>Set for the built-in static web server: files below this directory instead of targets.</summary>
    public string? WebRoot { get; init; }
    /// <summary>How those files are served.</summary>
    public WebRule Web { get; init; } = new();
}

/// <summary>One place a request can go.</summary>
public sealed record Target
{
    /// <summary>The instance's id.</summary>
    public required string Id { get; init; }
    public required string Address { get; init; }
    public required int Port { get; init; }
    public string Location { get; init; } = "default";
    public string Server { get; init; } = "";
    /// <summary>Number of the release it runs.</summary>
    public int Release { get; init; }
    /// <summary>
    /// Its release must not serve beside an earlier one: none of its targets gets requests until the earlier one's are gone.
    /// </summary>
    public bool Incompatible { get; init; }
    /// <summary>Relative share, 1 to 1,000. Default 100.</summary>
    public int Weight { get; init; } = 100;
    /// <summary>No new requests; those in flight end.</summary>
    public bool Draining { get; init; }
    /// <summary>How it is checked; null for as its route says.</summary>
    public HealthCheck? Check { get; init; }
    /// <summary>Id of the registration whose app opened the connections to it: nothing listens at the address. Null for a target that listens.</summary>
    public string? Reverse { get; init; }
}

/// <summary>What a balancer reports, every second and when a target changes.</summary>
public sealed record BalancerReport
{
    /// <summary>Instance id of the balancer process.</summary>
    public required string Balancer { get; init; }
    /// <summary>Revision of the snapshot it serves.</summary>
    public long Revision { get; init; }
    /// <summary>Why a newer snapshot was refused; null when it serves the newest.</summary>
    public string? Refused { get; init; }
    public ImmutableArray<TargetReport> Targets { get; init; } = [];
    /// <summary>Requests answered since the process started, and those answered with an error the balancer made itself.</summary>
    public long Requests { get; init; }
    public long Failed { get; init; }
    /// <summary>Where other balancers reach this one; null for one that keeps to itself.</summary>
    public PeerAddress? Peer { get; init; }
    /// <summary>Apps registered with any balancer, as this one knows it.</summary>
    public int Registrations { get; init; }
    /// <summary>Apps told of in one report; each has some 500 bytes.</summary>
    public const int MostApps = 500;
    /// <summary>Those registered, without their secrets, by id; the first <see cref="MostApps"/>. Null: as told before.</summary>
    public ImmutableArray<Registration>? Apps { get; init; }
    /// <summary>Paths that two apps claim, in words, oldest first; at most 20.</summary>
    public ImmutableArray<string> Conflicts { get; init; } = [];
    /// <summary>What its owner should know: certificates that end soon, or whose new files cannot be used. At most 100.</summary>
    public ImmutableArray<string> Warnings { get; init => field = value.IsDefault ? [] : value; } = [];
}

public enum TargetState { Unknown, Up, Down, Ejected }

/// <summary>A target as one balancer sees it; counters since the balancer first saw it.</summary>
public sealed record TargetReport
{
    public required string Id { get; init; }
    public TargetState State { get; init; }
    public long Requests { get; init; }
    /// <summary>Requests that failed on it: connection lost, time-out, or 5xx.</summary>
    public long Failed { get; init; }
    public int InFlight { get; init; }
    /// <summary>Last failure in words.</summary>
    public string? Reason { get; init; }
}
