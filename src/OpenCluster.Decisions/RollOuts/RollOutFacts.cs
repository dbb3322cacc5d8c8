using System.Collections.Immutable;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.Placing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.RollOuts;

/// <summary>How the server of an instance does, as far as the instance is concerned.</summary>
public enum ServerStanding
{
    Alive,
    /// <summary>Not heard for a moment, or not yet: nothing about its instances is known.</summary>
    OutOfSight,
    /// <summary>Down, or no longer of the cluster.</summary>
    Down,
}

/// <summary>One instance as the load-balancers see it, all of them together.</summary>
/// <param name="Routed">Some load-balancer that may be serving routes to it.</param>
/// <param name="Heard">At least one of them reported lately.</param>
/// <param name="Up">At least one of those sends it traffic.</param>
/// <param name="AllUp">All of those do.</param>
/// <param name="Quiet">All that route to it were heard, know that it drains, and have nothing in flight on it.</param>
/// <param name="Trouble">Why one of them does not send it traffic, or what last failed, in its own words.</param>
public readonly record struct Sight(bool Routed, bool Heard, bool Up, bool AllUp, bool Quiet, long Requests, long Failed, string? Trouble)
{
    /// <summary>As much in use as can be known: nobody routes to it, nobody was heard, or all heard ones use it.</summary>
    public bool InUse => !Heard || AllUp;
}

/// <summary>Everything that is known of one instance.</summary>
public sealed record InstanceFacts(Instance Instance, InstanceStatus? Status, ServerStanding Server, string ServerName, Sight Sight)
{
    public string Id => Instance.Id;
    public bool Ready => Server == ServerStanding.Alive && Status?.Phase == InstancePhase.Ready;
    public bool Runs => Instance.Wanted == Wanted.Run;
}

/// <summary>What a roll-out decides from: gathered by the conductor, nothing else is looked at.</summary>
public sealed record RollOutFacts
{
    /// <summary>For sentences: "api" or "api in zone dev".</summary>
    public required string Name { get; init; }
    public required Release Release { get; init; }
    public Release? Previous { get; init; }
    /// <summary>The release should run already: the roll-out only removes others, and there is nothing to go back to.</summary>
    public bool RunsAlready { get; init; }
    public required ServiceSpec Spec { get; init; }
    public required RollOutRule Rule { get; init; }
    public required int Wanted { get; init; }
    /// <summary>All instances of the service in the zone, oldest first.</summary>
    public required ImmutableArray<InstanceFacts> Instances { get; init; }
    /// <summary>Servers that may run it, with the room left beside everything that is there now.</summary>
    public required ImmutableArray<Candidate> Candidates { get; init; }
    /// <summary>Until when a first report of one of them may come any moment; null when all that will come have come.</summary>
    public DateTimeOffset? AwaitedUntil => Candidates.Max(c => c.AwaitedUntil);
}

/// <summary>What a roll-out wants done.</summary>
public abstract record RollOutAct
{
    private RollOutAct() { }

    public sealed record Start(string ServerId, string ReleaseId) : RollOutAct;

    /// <summary>No new traffic, then stop.</summary>
    public sealed record Drain(string InstanceId) : RollOutAct;

    /// <summary>Stop now: it serves nobody.</summary>
    public sealed record Stop(string InstanceId) : RollOutAct;

    public sealed record Say(Weight Weight, string Text, ImmutableArray<string> Evidence) : RollOutAct;
}
