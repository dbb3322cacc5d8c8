using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Servers;

/// <summary>
/// The machine of one server's life: Unknown → Alive → Silent → Down → Alive. Nothing here is persisted: a controller that starts
/// again gives every server time to report before it judges.
/// </summary>
public static class Heartbeat
{
    /// <summary>A server that came back is trusted with new instances after this; doubled with each return, so that flapping moves nothing.</summary>
    public static readonly TimeSpan FirstSettling = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan LongestSettling = TimeSpan.FromMinutes(10);

    /// <summary>Alive this long, earlier returns are forgotten.</summary>
    public static readonly TimeSpan ForgetReturnsAfter = TimeSpan.FromHours(1);

    public static Decision<ServerHealth, HealthChange> Heard(ServerHealth health, DateTimeOffset now)
    {
        switch (health.State)
        {
            case ServerState.Alive:
                return Decision.Quietly<ServerHealth, HealthChange>(health with { HeardAt = now });

            case ServerState.Silent:
                // A hiccup, not a death: it was never called down, so it loses no trust.
                return Decision.Then(health with { State = ServerState.Alive, Since = now, HeardAt = now }, HealthChange.HeardAgain);

            case ServerState.Unknown:
                return Decision.Then(
                    health with { State = ServerState.Alive, Since = now, HeardAt = now, EverSeen = true, SettledAt = now },
                    HealthChange.CameAlive);

            default:
                var returns = now - health.SettledAt > ForgetReturnsAfter ? 1 : health.Returns + 1;
                return Decision.Then(
                    health with { State = ServerState.Alive, Since = now, HeardAt = now, Returns = returns, SettledAt = now + Settling(returns) },
                    HealthChange.CameBack);
        }
    }

    /// <summary>
    /// Looks at the time since the server was heard. <paramref name="judgeFrom"/> is when the observer last became sure of itself:
    /// silence before that may have been its own.
    /// </summary>
    /// <param name="mayCallDown">False while the observer suspects itself.</param>
    public static Decision<ServerHealth, HealthChange> Look(
        ServerHealth health, ClusterSettings settings, DateTimeOffset judgeFrom, bool mayCallDown, DateTimeOffset now)
    {
        var silence = Silence(health, judgeFrom, now);
        var judged = health.State is ServerState.Alive or ServerState.Silent || (health.State == ServerState.Unknown && health.EverSeen);
        if (!judged)
            return Decision.Quietly<ServerHealth, HealthChange>(health);
        if (silence >= settings.ServerDownAfter && mayCallDown)
            return Decision.Then(health with { State = ServerState.Down, Since = now }, HealthChange.WentDown);
        if (health.State == ServerState.Alive && silence >= SilentAfter(settings))
            return Decision.Then(health with { State = ServerState.Silent, Since = now }, HealthChange.WentSilent);
        return Decision.Quietly<ServerHealth, HealthChange>(health);
    }

    /// <summary>When <see cref="Look"/> can next change something; null for never.</summary>
    public static DateTimeOffset? NextLook(ServerHealth health, ClusterSettings settings, DateTimeOffset judgeFrom)
    {
        var from = Later(health.HeardAt, judgeFrom);
        return health.State switch
        {
            ServerState.Alive => from + SilentAfter(settings),
            ServerState.Silent => from + settings.ServerDownAfter,
            ServerState.Unknown when health.EverSeen => from + settings.ServerDownAfter,
            _ => null,
        };
    }

    public static TimeSpan Silence(ServerHealth health, DateTimeOffset judgeFrom, DateTimeOffset now) => now - Later(health.HeardAt, judgeFrom);

    public static TimeSpan SilentAfter(ClusterSettings settings) => settings.ServerDownAfter / 2;

    private static TimeSpan Settling(int returns)
    {
        var doublings = Math.Min(returns - 1, 16);
        var settling = FirstSettling * (1 << doublings);
        return settling < LongestSettling ? settling : LongestSettling;
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
