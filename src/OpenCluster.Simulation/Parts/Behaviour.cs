using OpenCluster.Simulation.Time;

namespace OpenCluster.Simulation.Parts;

internal enum BehaviourKind
{
    Good,
    /// <summary>Takes long, but comes.</summary>
    SlowStart,
    /// <summary>Exits soon after its start.</summary>
    NeverStarts,
    /// <summary>Runs and never listens.</summary>
    NeverListens,
    /// <summary>Healthy, then dies, again and again.</summary>
    Dies,
    /// <summary>Healthy, then fails its checks.</summary>
    Sickens,
    /// <summary>Passes its checks and answers half of all requests with an error.</summary>
    FailsRequests,
    /// <summary>Does not even build.</summary>
    BuildFails,
}

/// <summary>How everything built from one commit behaves.</summary>
/// <param name="Ready">From start to listening.</param>
/// <param name="Trouble">From start to what makes it bad.</param>
/// <param name="ObeysTerm">Exits when asked; else it has to be killed.</param>
internal sealed record Behaviour(BehaviourKind Kind, TimeSpan Ready, TimeSpan Trouble, bool ObeysTerm)
{
    /// <summary>Instances of it can serve for ever.</summary>
    public bool IsGood => Kind is BehaviourKind.Good or BehaviourKind.SlowStart;

    /// <summary>No instance of it can ever become healthy.</summary>
    public bool NeverReady => Kind is BehaviourKind.NeverStarts or BehaviourKind.NeverListens or BehaviourKind.BuildFails;

    private static readonly BehaviourKind[] BadBeforeTraffic = [BehaviourKind.NeverStarts, BehaviourKind.NeverListens, BehaviourKind.BuildFails];

    private static readonly BehaviourKind[] Bad = [.. BadBeforeTraffic, BehaviourKind.Dies, BehaviourKind.Sickens, BehaviourKind.FailsRequests];

    /// <param name="underTraffic">A bad one may also turn bad under traffic, even after its watch; then requests fail through nobody's mistake.</param>
    public static Behaviour Draw(Xoshiro random, bool good, bool underTraffic)
    {
        var kind = good
            ? random.Chance(80) ? BehaviourKind.Good : BehaviourKind.SlowStart
            : random.Of(underTraffic ? Bad : BadBeforeTraffic);
        var ready = kind == BehaviourKind.SlowStart ? random.Seconds(4, 9) : random.Millis(50, 2000);
        return new Behaviour(kind, ready, ready + random.Millis(100, 6000), random.Chance(85));
    }
}
