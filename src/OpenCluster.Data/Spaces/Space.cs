using System.Text;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;

namespace OpenCluster.Data.Spaces;

/// <summary>One zone of one tenant: a keyspace of its own with limits of its own. Nothing that is done in one can be seen, counted or felt in another.</summary>
internal sealed class Space(string name, SpaceLimits limits, KeyspaceClock clock) : IDisposable
{
    public string Name { get; } = name;

    private long second;
    private int operations;

    /// <summary>As it stands in the log: at most 255 bytes.</summary>
    public byte[] NameBytes { get; } = Encoding.UTF8.GetBytes(name);

    public SpaceLimits Limits { get; set; } = limits;

    public Keyspace.Keyspace Keys { get; } = new(clock);

    /// <summary>Which events are told to those who listen (<c>notify-keyspace-events</c>).</summary>
    public EventKind Events { get; set; }

    /// <summary>Keys that ended by their time, and by eviction, since the start.</summary>
    public long Expired { get; set; }

    public long Evicted { get; set; }

    public Watches Watches { get; } = new();

    public Waiters Waiters { get; } = new();

    public SlowLog SlowLog { get; } = new();

    public Channels Channels { get; } = new();

    /// <summary>Clients that have it open.</summary>
    public int Connections { get; set; }

    /// <summary>Counts a command; false when this second has had its share.</summary>
    public bool MayOperate(long now)
    {
        if (Limits.OperationsPerSecond == 0) return true;
        if (now / 1000 != second) (second, operations) = (now / 1000, 0);
        return ++operations <= Limits.OperationsPerSecond;
    }

    public void Dispose() => Keys.Dispose();
}
