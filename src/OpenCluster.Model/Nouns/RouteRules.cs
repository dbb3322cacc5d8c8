namespace OpenCluster.Model.Nouns;

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
    /// <summary>What happens to requests that come without TLS. Default: they are served.</summary>
    public PlainHttp PlainHttp { get; init; } = PlainHttp.Serve;
    /// <summary>Which target gets a request.</summary>
    public BalanceRule Balance { get; init; } = new();
    /// <summary>Which requests are let in.</summary>
    public AdmissionRule Admit { get; init; } = new();
    /// <summary>Answers kept and served again; null for none.</summary>
    public CacheRule? Cache { get; init; }
    /// <summary>HTML for clients while nothing is left to serve them (503); empty for a line of text.</summary>
    public string OfflinePage { get; init; } = "";
    /// <summary>Speak TLS to targets; null for plain.</summary>
    public TargetTls? Tls { get; init; }
    /// <summary>Tell targets of the client by PROXY protocol, before anything else. Their connections then serve one client each.</summary>
    public ProxyProtocol ProxyProtocol { get; init; }
    /// <summary>What is spoken to targets of HTTP.</summary>
    public TargetHttp Speak { get; init; }
    /// <summary>Silence both ways after which a connection of TCP or a session of UDP is over; null for <see cref="UsualIdle"/> or <see cref="UsualUdpIdle"/>.</summary>
    public TimeSpan? Idle { get; init; }

    public static readonly TimeSpan UsualIdle = TimeSpan.FromHours(1);
    public static readonly TimeSpan UsualUdpIdle = TimeSpan.FromMinutes(1);
}

/// <summary>Versions of HTTP spoken to targets. With the second, requests share connections; gRPC needs it.</summary>
public enum TargetHttp { Http1, Http2 }

/// <summary>What happens to requests of a route that come without TLS.</summary>
public enum PlainHttp { Serve, Redirect, Refuse }
