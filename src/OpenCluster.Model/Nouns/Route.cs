using System.Collections.Immutable;

namespace OpenCluster.Model.Nouns;

/// <summary>A load-balancer: the servers of a role in a zone each run one process of it.</summary>
public sealed record LoadBalancer : INamed
{
    public string Id { get; init; } = "";
    public required string Name { get; init; }
    public string? RenamedFrom { get; init; }
    /// <summary>The role whose servers run it.</summary>
    public required string Role { get; init; }
    /// <summary>Only servers of this zone; null for any.</summary>
    public string? Zone { get; init; }
    public required ImmutableArray<Listener> Listeners { get; init; }
    /// <summary>Where metrics and health of the balancer itself are served; 0 lets the agent choose.</summary>
    public int MetricsPort { get; init; }
}

public enum ListenerProtocol
{
    Http,
    /// <summary>Apps register here and ask the broker.</summary>
    Registrations,
}

/// <summary>Where a balancer accepts connections. An empty address is the server's own.</summary>
public sealed record Listener(string Name, int Port, ListenerProtocol Protocol = ListenerProtocol.Http, string Address = "");

/// <summary>Who may add targets to a route.</summary>
public enum RouteKind
{
    /// <summary>The controller alone.</summary>
    Static,
    /// <summary>Apps too, with the route's token and key, for any site and path that its matches cover. It answers to nothing by itself.</summary>
    Dynamic,
    /// <summary>Apps too, with the route's token, for its own paths and those below them. The preferred one.</summary>
    LimitedDynamic,
}

/// <summary>Where requests for hosts and paths go. The longest path wins; exceptions take part of a path out.</summary>
public sealed record Route : INamed
{
    public string Id { get; init; } = "";
    public required string Name { get; init; }
    public string? RenamedFrom { get; init; }
    /// <summary>Load-balancers that serve it; empty for all.</summary>
    public ImmutableArray<string> LoadBalancers { get; init; } = [];
    public RouteKind Kind { get; init; }
    /// <summary>Networks (CIDR) whose addresses apps may register; empty: an app may register only the address it asks from.</summary>
    public ImmutableArray<string> RegisterFrom { get; init; } = [];
    /// <summary>What it answers to. Several are one route for the app.</summary>
    public required ImmutableArray<RouteMatch> Matches { get; init; }
    /// <summary>The service and zone that serve it. No service, an empty name, only where apps register.</summary>
    public required string Service { get; init; }
    public string Zone { get; init; } = "default";
    /// <summary>Name of the service's port; empty for the main one.</summary>
    public string Port { get; init; } = "";
    public RouteRules Rules { get; init; } = new();
}

/// <summary>One host and path prefix. Host <c>*</c> is any, <c>*.example.org</c> any one label below. Except: prefixes taken out.</summary>
public sealed record RouteMatch(string Host, string Path = "/")
{
    public ImmutableArray<string> Except { get; init => field = value.IsDefault ? [] : value; } = [];
    /// <summary>Remove the path prefix before forwarding: <c>joebarry.com/api/x</c> reaches the app as <c>/x</c>.</summary>
    public bool Strip { get; init; }
}

/// <summary>How a route treats requests and targets.</summary>
public sealed record RouteRules
{
    /// <summary>Whole request, first byte to last of the answer's head. Default 30 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
    /// <summary>Connecting to a target. Default 1 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);
    /// <summary>Tries on other targets, when safe. 0 to 5, default 2.</summary>
    public int Retries { get; init; } = 2;
    /// <summary>Retries as a share of requests, so that they never become the load. Default 0.2.</summary>
    public double RetryBudget { get; init; } = 0.2;
    /// <summary>How long a request may wait while no target is healthy. Default 5 s.</summary>
    public TimeSpan WaitFor { get; init; } = TimeSpan.FromSeconds(5);
    /// <summary>Requests that may wait at once. Default 1,000.</summary>
    public int WaitRequests { get; init; } = 1000;
    /// <summary>Time over which a new or returned target comes to its full share. Default 10 s; zero for none.</summary>
    public TimeSpan SlowStart { get; init; } = TimeSpan.FromSeconds(10);
    /// <summary>Largest request body. Default 100 MiB.</summary>
    public long MaxBodyBytes { get; init; } = 100L << 20;
}
