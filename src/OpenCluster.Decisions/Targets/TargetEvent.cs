using OpenCluster.Model.Balancing;

namespace OpenCluster.Decisions.Targets;

/// <summary>What a balancer can learn of one target.</summary>
public abstract record TargetEvent
{
    private TargetEvent() { }

    /// <summary>A check was answered as it should be.</summary>
    public sealed record CheckPassed : TargetEvent
    {
        public static CheckPassed Instance { get; } = new();
    }

    /// <summary>A check failed. <paramref name="Refused"/>: nobody listens there, which needs no second opinion.</summary>
    /// <param name="Silent">There was no answer at all, which may be the balancer's own fault.</param>
    public sealed record CheckFailed(string Reason, bool Refused, bool Silent = false) : TargetEvent;

    /// <summary>
    /// A request was answered. Shells leave it out while <see cref="TargetHealth.FailuresInRow"/> is zero, when it changes nothing, so
    /// that a healthy target costs nothing per request.
    /// </summary>
    public sealed record RequestPassed : TargetEvent
    {
        public static RequestPassed Instance { get; } = new();
    }

    /// <summary>
    /// A request failed on it and the target is to blame: connection lost, time-out, or a 5xx where another target did better.
    /// <paramref name="Refused"/>: nobody listens there.
    /// </summary>
    public sealed record RequestFailed(string Reason, bool Refused) : TargetEvent;

    /// <summary>It fails much more often than the others, see <see cref="Outliers"/>.</summary>
    public sealed record Outlier(string Reason) : TargetEvent;

    /// <summary>Time went on; ends an ejection that is over. Harmless at any time.</summary>
    public sealed record TimePassed : TargetEvent
    {
        public static TimePassed Instance { get; } = new();
    }
}

/// <summary>What the balancer must do about a target. Each may be repeated.</summary>
public abstract record TargetEffect
{
    private TargetEffect() { }

    /// <summary>Check it now instead of when the next check is due.</summary>
    public sealed record CheckNow : TargetEffect
    {
        public static CheckNow Instance { get; } = new();
    }

    /// <summary>It serves, or no longer serves: weigh the targets of its routes again, report it, wake who waits.</summary>
    public sealed record Changed(TargetState From, TargetState To, string? Reason) : TargetEffect;
}
