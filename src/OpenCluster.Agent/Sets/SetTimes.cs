using OpenCluster.Decisions.Sets;

namespace OpenCluster.Agent.Sets;

/// <summary>How often an agent looks, and how long it waits, beside what <see cref="LeaseRules"/> says. Every server of a cluster has the same.</summary>
internal static class SetTimes
{
    public static readonly LeaseRules Rules = new();

    /// <summary>Leases and gates are looked at so often.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    /// <summary>The process is asked for its state so often.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>The controller hears so often even when nothing is new.</summary>
    public static readonly TimeSpan Say = TimeSpan.FromMilliseconds(300);

    /// <summary>A primary writes into its data how far it is so often, while it moves.</summary>
    public static readonly TimeSpan Mark = TimeSpan.FromSeconds(1);

    /// <summary>One call of the driver.</summary>
    public static readonly TimeSpan Call = TimeSpan.FromSeconds(1);

    /// <summary>A process that answers nothing for so long is ended. A slow command of a client may take nearly as long.</summary>
    public static readonly TimeSpan HangsAfter = TimeSpan.FromSeconds(4);

    /// <summary>Writes are shut out so long before the lease ends: the time that the shutting takes.</summary>
    public static readonly TimeSpan CloseAhead = TimeSpan.FromMilliseconds(150);

    /// <summary>An agent that finds a primary it had left begins with so much time to get its lease again.</summary>
    public static readonly TimeSpan FoundGrace = TimeSpan.FromMilliseconds(300);
}
