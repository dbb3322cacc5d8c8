using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Servers;

/// <summary>
/// When the observer should suspect itself rather than the world: it was late, or most servers went silent at once. While it does,
/// it watches and calls nobody down.
/// </summary>
public sealed record SelfDoubt
{
    /// <summary>Silence counts from here: when the controller started, woke late, or was last cut off.</summary>
    public required DateTimeOffset JudgeFrom { get; init; }

    /// <summary>Set while most servers are silent at once.</summary>
    public DateTimeOffset? FrozenSince { get; init; }

    /// <summary>A wake-up later than this means that this process itself stood still: silence seen then proves nothing.</summary>
    public static readonly TimeSpan LateBy = TimeSpan.FromSeconds(1);

    /// <summary>Servers that went down within this time of each other went "at once".</summary>
    public static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(10);

    /// <summary>Whether too many servers are silent at once for this to be their doing.</summary>
    public static (bool TooMany, int Silent, int Known) Count(
        IEnumerable<ServerHealth> servers, ClusterSettings settings, DateTimeOffset judgeFrom, DateTimeOffset now)
    {
        var silent = 0;
        var known = 0;
        foreach (var health in servers)
        {
            if (!health.EverSeen)
                continue;
            // Long down is old news, not part of what happens now.
            if (health.State == ServerState.Down && now - health.Since > AtOnce)
                continue;
            known++;
            if (health.State == ServerState.Down || Heartbeat.Silence(health, judgeFrom, now) > Heartbeat.SilentAfter(settings))
                silent++;
        }

        return (silent > known * settings.MassFailureShare, silent, known);
    }
}
