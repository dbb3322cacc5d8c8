using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace OpenCluster.Demo;

/// <summary>What every request of the demo came to, booked under the act in which it was sent.</summary>
internal sealed class Ledger(TimeProvider time)
{
    /// <summary>Failures kept in words; more are only counted.</summary>
    private const int MostReasons = 20;

    private readonly ConcurrentQueue<string> _reasons = new();
    private volatile Act _act = new("start", "");

    /// <summary>A request under way.</summary>
    internal readonly record struct Entry(Act Act, long Started);

    /// <summary>The first failures, in words.</summary>
    public ImmutableArray<string> Reasons => [.. _reasons];

    /// <summary>From here on requests are booked under <paramref name="act"/>.</summary>
    public void Open(Act act) => _act = act;

    public Entry Begin()
    {
        var act = _act;
        Interlocked.Increment(ref act.Sent);
        return new Entry(act, time.GetTimestamp());
    }

    /// <summary>Counts a request that tried its other address.</summary>
    public void Retried(Entry entry) => Interlocked.Increment(ref entry.Act.Retries);

    /// <param name="wrong">Why it failed; null for a good answer.</param>
    public void End(Entry entry, string? wrong)
    {
        entry.Act.Waited((long)time.GetElapsedTime(entry.Started).TotalMilliseconds);
        if (wrong is null) return;
        Interlocked.Increment(ref entry.Act.Failures);
        if (_reasons.Count < MostReasons) _reasons.Enqueue($"{entry.Act.Title}: {wrong}");
    }
}

/// <summary>One act of the demo and its figures.</summary>
internal sealed class Act(string name, string title)
{
    public int Sent;
    public int Failures;
    public int Retries;
    private long _longestWaitMs;

    /// <summary>Stable, kebab-case, for <c>--json</c>.</summary>
    public string Name { get; } = name;

    /// <summary>For people.</summary>
    public string Title { get; } = title;

    public long LongestWaitMs => Interlocked.Read(ref _longestWaitMs);

    /// <summary>From the blow until every instance was healthy again; null while it is not.</summary>
    public long? RecoveredMs { get; set; }

    public void Waited(long milliseconds)
    {
        for (var longest = LongestWaitMs; milliseconds > longest; longest = LongestWaitMs)
        {
            if (Interlocked.CompareExchange(ref _longestWaitMs, milliseconds, longest) == longest) return;
        }
    }
}
