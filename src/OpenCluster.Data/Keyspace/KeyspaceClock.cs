namespace OpenCluster.Data.Keyspace;

/// <summary>The time as all keyspaces of a server have it, and whether keys may end by it.</summary>
internal sealed class KeyspaceClock
{
    /// <summary>Milliseconds since 1970, the same for a whole batch.</summary>
    public long Now { get; private set; }

    /// <summary>While a log is replayed nothing ends by itself: what ended is in the log.</summary>
    public bool IsReplaying { get; set; }

    /// <summary>While the log takes nothing, keys whose time has come are not seen any more, and stay where they are.</summary>
    public bool IsFrozen { get; set; }

    public AccessClock Access { get; } = new();

    public void Advance(long now)
    {
        Now = now;
        Access.Advance(now);
    }
}
