using System.Collections.Immutable;

namespace OpenCluster.Model.Nouns;

/// <summary>
/// Every object an owner has declared, as the controller holds it. Objects refer to each other by name; each also has an id that
/// never changes, by which everything that runs is bound. A rename rewrites the names in one step, so nothing that runs notices.
/// </summary>
public sealed record Cluster
{
    public required string Name { get; init; }
    public ImmutableArray<Zone> Zones { get; init; } = [];
    public ImmutableArray<Role> Roles { get; init; } = [];
    public ImmutableArray<Server> Servers { get; init; } = [];
    public ImmutableArray<Service> Services { get; init; } = [];
    public ImmutableArray<LoadBalancer> LoadBalancers { get; init; } = [];
    public ImmutableArray<Route> Routes { get; init; } = [];
    public ImmutableArray<Certificate> Certificates { get; init => field = value.IsDefault ? [] : value; } = [];
    public ImmutableArray<DataSpace> Data { get; init => field = value.IsDefault ? [] : value; } = [];
    public ImmutableArray<Endpoint> Endpoints { get; init; } = [];
    public ImmutableArray<Secret> Secrets { get; init; } = [];
    /// <summary>Timings and limits of the cluster as a whole.</summary>
    public ClusterSettings Settings { get; init; } = new();

    public static Cluster Empty { get; } = new() { Name = "" };
}

/// <summary>What every declared object has: an id that lasts and a name that may change.</summary>
public interface INamed
{
    /// <summary>Given once by the controller (<c>srv-3</c>, <c>svc-1</c>), never reused. Empty in an object just read from a file.</summary>
    string Id { get; }

    /// <summary>Lower-case letters, digits and hyphens, 1 to 63, unique among its kind.</summary>
    string Name { get; }
}

/// <summary>A named group of servers kept apart from others: a tier, an environment, or both. There is always one, "default".</summary>
public sealed record Zone : INamed
{
    public string Id { get; init; } = "";
    public required string Name { get; init; }
    public string? RenamedFrom { get; init; }
    public string Description { get; init; } = "";
    /// <summary>What <c>${name}</c> means for services deployed into this zone.</summary>
    public ImmutableSortedDictionary<string, string> Values { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

/// <summary>What a set of servers is for. Services are given to roles, not to servers.</summary>
public sealed record Role : INamed
{
    public string Id { get; init; } = "";
    public required string Name { get; init; }
    public string? RenamedFrom { get; init; }
    public string Description { get; init; } = "";
}

/// <summary>A machine with an agent on it.</summary>
public sealed record Server : INamed
{
    public string Id { get; init; } = "";
    public required string Name { get; init; }
    public string? RenamedFrom { get; init; }
    public string Zone { get; init; } = "default";
    /// <summary>Where it stands: a dotted path chosen by the owner, <c>dc.hall1</c>. Default <c>default</c>.</summary>
    public string Location { get; init; } = "default";
    /// <summary>The IP address others reach it at; null on a laptop, where <c>up</c> gives it a loopback address.</summary>
    public string? Address { get; init; }
    public ImmutableArray<string> Roles { get; init; } = [];
    public ImmutableArray<string> Tags { get; init; } = [];
    /// <summary>What may be placed on it; unlimited where not said.</summary>
    public Capacity Capacity { get; init; } = new();
    /// <summary>Money per hour, in the owner's currency. For reports and budgets; 0 when not said.</summary>
    public decimal CostPerHour { get; init; }
    /// <summary>True on the server that runs the controller; exactly one until there are several controllers.</summary>
    public bool Controller { get; init; }
}

/// <summary>How much fits on a server, or how much one instance takes. Null means not said: unlimited, or counted as nothing.</summary>
public sealed record Capacity
{
    public long? MemoryBytes { get; init; }
    /// <summary>In cores; 0.5 is half of one.</summary>
    public double? Cpu { get; init; }
    public long? DiskBytes { get; init; }
    /// <summary>The most instances of owner's services; null for no limit.</summary>
    public int? Instances { get; init; }
}

/// <summary>An address that something outside offers (a managed database): known and checked, not run.</summary>
public sealed record Endpoint : INamed
{
    public string Id { get; init; } = "";
    public required string Name { get; init; }
    public string? RenamedFrom { get; init; }
    public string Protocol { get; init; } = "tcp";
    public required string Host { get; init; }
    public required int Port { get; init; }
    /// <summary>Name of a secret that holds the password; never the password.</summary>
    public string? Secret { get; init; }
    public string? User { get; init; }
    public HealthCheck? Check { get; init; }
}

/// <summary>A secret is declared by name only; its value is set by command and never stands in a file.</summary>
public sealed record Secret : INamed
{
    public string Id { get; init; } = "";
    public required string Name { get; init; }
    public string? RenamedFrom { get; init; }
    public string Description { get; init; } = "";
}

/// <summary>Timings of the cluster. Raising a time to detect makes false alarms rarer and real ones later.</summary>
public sealed record ClusterSettings
{
    /// <summary>How often an agent reports. 200 ms to 30 s, default 500 ms; lower costs controller CPU (one request per server and interval).</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromMilliseconds(500);
    /// <summary>Silence after which a server counts as down. At least 3 heartbeats, default 2 s.</summary>
    public TimeSpan ServerDownAfter { get; init; } = TimeSpan.FromSeconds(2);
    /// <summary>How long a server may be down before its instances are placed elsewhere, so that a reboot moves nothing. Default 30 s.</summary>
    public TimeSpan ReplaceAfter { get; init; } = TimeSpan.FromSeconds(30);
    /// <summary>When more than this share of all servers goes silent at once, the observer suspects itself and changes nothing. 0 to 1, default 0.5.</summary>
    public double MassFailureShare { get; init; } = 0.5;
}
