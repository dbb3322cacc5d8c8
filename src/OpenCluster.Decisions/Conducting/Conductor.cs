using System.Collections.Immutable;

namespace OpenCluster.Decisions.Conducting;

/// <summary>
/// Where the controller's machines meet: an event goes to the machines it concerns, what they decide becomes documents and effects.
/// Owned by one loop. After a crash it is made again from the documents, and repeats the effects that may not have happened.
/// </summary>
public sealed class Conductor
{
    private Conductor() { }

    /// <summary>When <see cref="ClusterEvent.TimePassed"/> is next due; null when nothing waits for time.</summary>
    public DateTimeOffset? Wake { get; }

    /// <summary>A conductor from everything the store holds, and the effects to carry out (again) at once.</summary>
    public static (Conductor Conductor, Outcome Outcome) Recover(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> documents, DateTimeOffset now) =>
        (new Conductor(), new Outcome([], ImmutableArray<ClusterEffect>.Empty));

    public Outcome Handle(ClusterEvent happened, DateTimeOffset now) => new([], []);
}
