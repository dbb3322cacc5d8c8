using System.Collections.Immutable;

namespace OpenCluster.Model.Nouns;

/// <summary>
/// Something that should run. It is not tied to a zone: <see cref="Deployments"/> says into which zones it goes, and
/// <see cref="ServiceSpec"/> is what then runs there, after per-zone values and <c>${name}</c> have been filled in.
/// </summary>
public sealed record Service : INamed
{
    public string Id { get; init; } = "";
    public required string Name { get; init; }
    public string? RenamedFrom { get; init; }
    public string Description { get; init; } = "";
    /// <summary>The role whose servers may run it.</summary>
    public required string Role { get; init; }
    /// <summary>Where its code comes from; null for a bare command.</summary>
    public Source? Source { get; init; }
    /// <summary>One entry per zone it goes to; never empty.</summary>
    public required ImmutableArray<ZoneDeployment> Deployments { get; init; }
    /// <summary>The limited dynamic route that its instances may register for; null for none. For it they get a token.</summary>
    public string? Registers { get; init; }
    /// <summary>Endpoints that its instances may ask the broker for, by the same token: services, <c>SERVICE.PORT</c>, external ones, what apps register.</summary>
    public ImmutableArray<string> ConnectsTo { get; init => field = value.IsDefault ? [] : value; } = [];
    /// <summary>How much of its past is kept.</summary>
    public RetentionRule Keep { get; init; } = new();

    /// <summary>The deployment into <paramref name="zone"/>, or null when it does not go there.</summary>
    public ZoneDeployment? In(string zone) => Deployments.FirstOrDefault(d => d.Zone == zone);
}

/// <summary>A service in one zone: from which branch, how many, and the resolved specification.</summary>
public sealed record ZoneDeployment
{
    public required string Zone { get; init; }
    /// <summary>The branch whose head is deployed here, for a git source; null otherwise.</summary>
    public string? Branch { get; init; }
    public required ServiceSpec Spec { get; init; }
}

/// <summary>Where a service's code comes from. Exactly one of the two is set.</summary>
public sealed record Source
{
    /// <summary>Any URL git understands. Credentials do not belong in it; they are refused when the file is read.</summary>
    public string? Git { get; init; }
    /// <summary>A working directory, taken as it is (uncommitted work included), by the command line that applies the file.</summary>
    public string? Directory { get; init; }
    /// <summary>Ask the remote for its head this often, for hosts that cannot send webhooks. Null: webhooks and hands only.</summary>
    public TimeSpan? Poll { get; init; }
}

public enum RunKind
{
    /// <summary>A process started with <see cref="ServiceSpec.Run"/>.</summary>
    Command,
    /// <summary>The built-in static web server over <see cref="ServiceSpec.WebRoot"/>.</summary>
    Web,
    /// <summary>The owner's script, run once per release on every server of the role; nothing is supervised.</summary>
    Script,
    /// <summary>A built-in load-balancer.</summary>
    LoadBalancer,
    /// <summary>A built-in controller.</summary>
    Controller,
    /// <summary>A copy of a space: redis-server, configured by the agent.</summary>
    Redis,
}

/// <summary>What runs: everything an agent must know to build, start, check and stop one instance of a service in a zone.</summary>
public sealed record ServiceSpec
{
    public RunKind Kind { get; init; } = RunKind.Command;
    /// <summary>How many instances in this zone. 1 to 1,000, default 1. Ignored for scripts (one per server of the role).</summary>
    public int Instances { get; init; } = 1;
    public Build? Build { get; init; }
    /// <summary>Handed to <c>/bin/sh -c</c> in the release's directory, as <c>exec</c>. Empty for <see cref="RunKind.Web"/>.</summary>
    public string Run { get; init; } = "";
    /// <summary>Below the release's directory; <c>.</c> is the directory itself.</summary>
    public string WebRoot { get; init; } = ".";
    /// <summary>For <see cref="RunKind.Web"/>: how its files are served.</summary>
    public WebRule Web { get; init; } = new();
    /// <summary>Named ports. The first (or the one named <c>http</c>) is <c>PORT</c>, the others <c>PORT_NAME</c>.</summary>
    public ImmutableArray<Port> Ports { get; init; } = [];
    public ImmutableSortedDictionary<string, string> Environment { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
    /// <summary>Secrets this service may have, by name; they come as files in memory.</summary>
    public ImmutableArray<string> Secrets { get; init; } = [];
    public NewSecret OnNewSecret { get; init; }
    public HealthCheck? Check { get; init; }
    public StopRule Stop { get; init; } = new();
    public RestartRule Restart { get; init; } = new();
    public RollOutRule RollOut { get; init; } = new();
    /// <summary>Memory, CPU of one instance: what placement counts, and the limit where the machine can enforce one.</summary>
    public Capacity Takes { get; init; } = new();
    /// <summary>Directories below the release that are kept across releases, relative paths.</summary>
    public ImmutableArray<string> Persistent { get; init; } = [];
    /// <summary>User to run as; null for the agent's own choice (a user of its own when the agent is root).</summary>
    public string? User { get; init; }
    /// <summary>Tags a server must have.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];
    public PlacementRule Placement { get; init; } = new();
    public Expectation Expects { get; init; } = new();
    public Objectives Objectives { get; init; } = new();
}

/// <summary>What happens to instances when a secret of theirs gets a new value.</summary>
public enum NewSecret
{
    /// <summary>They are replaced one after the other, watched, as by a new release; where that fails everything goes back to the value before.</summary>
    Replace,
    /// <summary>The file changes under them and they get SIGHUP.</summary>
    Signal,
}

public enum PortProtocol { Tcp, Udp }

public enum IpFamily { Any, V4, V6 }

/// <summary>A port an instance listens on. Number 0 (default) lets the agent choose a free one.</summary>
public sealed record Port(string Name, PortProtocol Protocol = PortProtocol.Tcp, int Number = 0, IpFamily Family = IpFamily.Any);

/// <summary>How a release is made from its source. The limits exist so that a build never starves a running service.</summary>
public sealed record Build
{
    /// <summary>Handed to <c>/bin/sh -c</c> in a fresh checkout.</summary>
    public required string Run { get; init; }
    /// <summary>1 s to 24 h, default 15 min.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(15);
    /// <summary>Sum over all its processes. Default 1 GiB.</summary>
    public long MemoryBytes { get; init; } = 1L << 30;
    /// <summary>Default 256.</summary>
    public int Processes { get; init; } = 256;
    /// <summary>Checkout and everything the build writes. Default 2 GiB.</summary>
    public long DiskBytes { get; init; } = 2L << 30;
    /// <summary>Secrets the build may have, by name.</summary>
    public ImmutableArray<string> Secrets { get; init; } = [];
}

public enum CheckKind { Tcp, Http, Command }

/// <summary>How to find out whether an instance can serve. Unknown is not healthy.</summary>
public sealed record HealthCheck
{
    public CheckKind Kind { get; init; } = CheckKind.Tcp;
    /// <summary>Name of the port asked; empty for the main one.</summary>
    public string Port { get; init; } = "";
    /// <summary>For HTTP: the path, answered with 200 to 399. Default <c>/</c>.</summary>
    public string Path { get; init; } = "/";
    /// <summary>For HTTP: the Host header; null sends the address.</summary>
    public string? Host { get; init; }
    /// <summary>For a command: run by <c>/bin/sh -c</c> with the instance's environment; exit code 0 is healthy.</summary>
    public string Command { get; init; } = "";
    /// <summary>100 ms to 1 h, default 1 s. Lower finds trouble sooner and costs a request each.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(1);
    /// <summary>Default 1 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);
    /// <summary>Failures in a row until a healthy instance is not. Default 3.</summary>
    public int Fall { get; init; } = 3;
    /// <summary>Successes in a row until it is healthy. Default 1.</summary>
    public int Rise { get; init; } = 1;
    /// <summary>Time from start to the first success, else the start has failed. Default 30 s.</summary>
    public TimeSpan StartWithin { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>How an instance is stopped: no new traffic and wait for what is in flight, then SIGTERM, then SIGKILL.</summary>
public sealed record StopRule
{
    /// <summary>The longest wait for requests in flight. Default 10 s; ends sooner when balancers report none.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(10);
    /// <summary>Between SIGTERM and SIGKILL. Default 10 s.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>When an instance dies or stays unhealthy it is started again, later each time.</summary>
public sealed record RestartRule
{
    /// <summary>Wait before the first restart. Default 100 ms, doubled each time.</summary>
    public TimeSpan First { get; init; } = TimeSpan.FromMilliseconds(100);
    /// <summary>The longest wait. Default 30 s.</summary>
    public TimeSpan Most { get; init; } = TimeSpan.FromSeconds(30);
    /// <summary>Running this long forgets earlier failures. Default 60 s.</summary>
    public TimeSpan ForgetAfter { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>How a new release replaces the old one.</summary>
public sealed record RollOutRule
{
    /// <summary>Instances replaced at the same time. Default 1.</summary>
    public int AtOnce { get; init; } = 1;
    /// <summary>How long each new instance must stay good under traffic before the next one is replaced. Default 5 s.</summary>
    public TimeSpan Watch { get; init; } = TimeSpan.FromSeconds(5);
    /// <summary>Share of requests through the balancers that may fail on a new instance, 0 to 1. Default 0.05, from 10 requests on.</summary>
    public double FailedShare { get; init; } = 0.05;
    /// <summary>A roll-out that has not ended by then fails and is rolled back. Default 15 min, not counting the build.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(15);
    /// <summary>The release must not serve beside the one before: it gets no requests until that one's instances are gone. Default false.</summary>
    public bool Incompatible { get; init; }
}

/// <summary>How much of a service's past is kept on each server and on the controller.</summary>
public sealed record RetentionRule
{
    /// <summary>Releases besides the running ones. Default 5.</summary>
    public int Releases { get; init; } = 5;
    /// <summary>Bytes of releases besides the running ones. Default 1 GiB.</summary>
    public long Bytes { get; init; } = 1L << 30;
}

/// <summary>Where instances may stand, beyond the role, the zone and the tags a server must have.</summary>
public sealed record PlacementRule
{
    /// <summary>Only servers at or below one of these locations; empty for any.</summary>
    public ImmutableArray<string> Locations { get; init; } = [];
    /// <summary>Tags a server must not have.</summary>
    public ImmutableArray<string> AvoidTags { get; init; } = [];
    /// <summary>Names of services that must not run on the same server.</summary>
    public ImmutableArray<string> ApartFrom { get; init; } = [];
    /// <summary>The most instances on one server; null for no limit.</summary>
    public int? PerServer { get; init; }
}

/// <summary>What the owner expects of the load; for placement and rehearsals.</summary>
public sealed record Expectation
{
    public double? RequestsPerSecond { get; init; }
    public TimeSpan? Latency { get; init; }
}

/// <summary>What the owner promises customers; rehearsals are judged by it.</summary>
public sealed record Objectives
{
    /// <summary>Recovery time objective.</summary>
    public TimeSpan? Rto { get; init; }
    /// <summary>Recovery point objective: how much acknowledged work may be lost, as time.</summary>
    public TimeSpan? Rpo { get; init; }
    /// <summary>Percent, 0 to 100.</summary>
    public double? Availability { get; init; }
}
