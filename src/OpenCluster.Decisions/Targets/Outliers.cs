namespace OpenCluster.Decisions.Targets;

/// <summary>What went over one target in a window of time.</summary>
public readonly record struct WindowCount(long Requests, long Failed);

/// <summary>
/// Finds targets that fail much more often than the others, though never several times in a row. What fails everywhere alike is the
/// requests' own fault, or ours.
/// </summary>
public static class Outliers
{
    /// <summary>Requests in a window below which nothing is concluded.</summary>
    public const int FewestRequests = 20;

    /// <summary>An outlier fails at least this share of its requests…</summary>
    public const double LeastShare = 0.1;

    /// <summary>…and so many times as often as all the others together.</summary>
    public const double Times = 4;

    /// <summary>Whether target <paramref name="index"/> is one.</summary>
    public static bool Is(ReadOnlySpan<WindowCount> window, int index)
    {
        var own = window[index];
        if (own.Requests < FewestRequests || own.Failed < own.Requests * LeastShare) return false;
        var (requests, failed) = (0L, 0L);
        for (var i = 0; i < window.Length; i++)
        {
            if (i == index) continue;
            requests += window[i].Requests;
            failed += window[i].Failed;
        }
        return requests >= FewestRequests && (double)own.Failed / own.Requests > Times * failed / requests;
    }
}
