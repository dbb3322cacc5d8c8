namespace OpenCluster.Decisions.Servers;

public enum ServerState
{
    /// <summary>Not heard of since it was declared, or since the controller started. Nothing is concluded from that.</summary>
    Unknown,
    Alive,
    /// <summary>Missed some heartbeats; shown, not acted upon.</summary>
    Silent,
    /// <summary>Silent for <c>server-down-after</c>.</summary>
    Down,
}

/// <summary>What the controller knows of one server's life. Memory only: after a restart it is learnt again from reports.</summary>
public sealed record ServerHealth
{
    public ServerState State { get; init; }
    /// <summary>When it came into this state.</summary>
    public DateTimeOffset Since { get; init; }
    /// <summary>Last report; for an unknown server when waiting for it began.</summary>
    public DateTimeOffset HeardAt { get; init; }
    /// <summary>False until its agent has ever reported; such a server is awaited, never called down.</summary>
    public bool EverSeen { get; init; }
    /// <summary>How often it came back from being down, forgotten after a long quiet life.</summary>
    public int Returns { get; init; }
    /// <summary>From then on it is trusted with new instances.</summary>
    public DateTimeOffset SettledAt { get; init; }

    /// <summary>After it was declared, or the controller started, its agent may take so long to report.</summary>
    private static readonly TimeSpan FirstReport = TimeSpan.FromSeconds(5);

    /// <summary>Until when a first report may be expected any moment; null for a server that was heard or is overdue.</summary>
    public DateTimeOffset? AwaitedUntil(DateTimeOffset now) => State == ServerState.Unknown && now < HeardAt + FirstReport ? HeardAt + FirstReport : null;

    /// <summary>Alive, and for long enough since it was last down.</summary>
    public bool Settled(DateTimeOffset now) => State == ServerState.Alive && now >= SettledAt;

    public static ServerHealth Awaited(bool everSeen, DateTimeOffset now) =>
        new() { State = ServerState.Unknown, Since = now, HeardAt = now, SettledAt = now, EverSeen = everSeen };
}

/// <summary>What changed in a server's life.</summary>
public enum HealthChange { CameAlive, CameBack, HeardAgain, WentSilent, WentDown }
