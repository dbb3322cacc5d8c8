using OpenCluster.Model.Balancing;

namespace OpenCluster.Decisions.Targets;

/// <summary>
/// One balancer's view of one target: Unknown → Up after passed checks → Down after failed ones, Ejected for a while after failed
/// requests. Unknown is not healthy: a target nobody has checked gets no traffic.
/// Checks and requests are separate witnesses: a target whose checks pass while its requests fail stays ejected for its time.
/// </summary>
public sealed record TargetHealth
{
    public static TargetHealth Unseen { get; } = new();

    public TargetState State { get; private init; } = TargetState.Unknown;

    /// <summary>The last failure in words; kept after recovery so that it can be read.</summary>
    public string? Reason { get; private init; }

    /// <summary>True while the last thing known is that nobody listens there: not even panic sends requests to it.</summary>
    public bool Refused { get; private init; }

    /// <summary>Requests failed in a row.</summary>
    public int FailuresInRow { get; private init; }

    /// <summary>When it last came up, from when its share grows; null while it is not up.</summary>
    public DateTimeOffset? UpSince { get; private init; }

    /// <summary>When it last stopped being up; null when it never was, or is up.</summary>
    public DateTimeOffset? LostAt { get; private init; }

    /// <summary>True while it is down because checks were not answered at all.</summary>
    public bool Silent { get; private init; }

    /// <summary>When <see cref="TargetEvent.TimePassed"/> is next due; null when nothing waits for time.</summary>
    public DateTimeOffset? Wake => State == TargetState.Ejected ? EjectedUntil : null;

    private int PassedInRow { get; init; }
    private int FailedInRow { get; init; }
    private int Ejections { get; init; }
    private DateTimeOffset EjectedUntil { get; init; }
    private DateTimeOffset LastEjected { get; init; }

    public Decision<TargetHealth, TargetEffect> Handle(TargetEvent happened, TargetRules rules, DateTimeOffset now) => happened switch
    {
        TargetEvent.CheckPassed => CheckPassed(rules, now),
        TargetEvent.CheckFailed e => CheckFailed(e, rules, now),
        TargetEvent.RequestPassed => Decision.Quietly<TargetHealth, TargetEffect>(FailuresInRow == 0 ? this : this with { FailuresInRow = 0 }),
        TargetEvent.RequestFailed e => RequestFailed(e, rules, now),
        TargetEvent.Outlier e => State == TargetState.Up ? Eject(this with { Reason = e.Reason }, rules, now) : Decision.Quietly<TargetHealth, TargetEffect>(this),
        TargetEvent.TimePassed => TimePassed(now),
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened, "not an event of a target"),
    };

    private Decision<TargetHealth, TargetEffect> CheckPassed(TargetRules rules, DateTimeOffset now)
    {
        var next = this with { PassedInRow = Math.Min(PassedInRow + 1, rules.Rise), FailedInRow = 0 };
        return (State is TargetState.Unknown or TargetState.Down) && next.PassedInRow >= rules.Rise
            ? Become(next with { Refused = false, Silent = false, FailuresInRow = 0, UpSince = now, LostAt = null }, TargetState.Up, null)
            : Decision.Quietly<TargetHealth, TargetEffect>(next);
    }

    private Decision<TargetHealth, TargetEffect> CheckFailed(TargetEvent.CheckFailed e, TargetRules rules, DateTimeOffset now)
    {
        var next = this with { PassedInRow = 0, FailedInRow = Math.Min(FailedInRow + 1, rules.Fall), Refused = e.Refused, Silent = e.Silent, Reason = e.Reason };
        // An unknown target that fails its first check is simply not up yet: Down says so with the reason.
        var down = e.Refused || State == TargetState.Unknown || next.FailedInRow >= rules.Fall;
        return down ? Become(Lost(next, now), TargetState.Down, e.Reason) : Decision.Quietly<TargetHealth, TargetEffect>(next);
    }

    private Decision<TargetHealth, TargetEffect> RequestFailed(TargetEvent.RequestFailed e, TargetRules rules, DateTimeOffset now)
    {
        var next = this with { FailuresInRow = FailuresInRow + 1, Reason = e.Reason };
        if (e.Refused)
        {
            if (State == TargetState.Down)
                return Decision.Quietly<TargetHealth, TargetEffect>(next with { Refused = true });

            // Nobody listens: that is as good as a failed check, and the check that follows brings it back as soon as somebody does.
            var down = Become(Lost(next, now) with { Refused = true, PassedInRow = 0 }, TargetState.Down, e.Reason);
            return down with { Effects = [.. down.Effects, TargetEffect.CheckNow.Instance] };
        }

        // Failures of requests that were already on their way when it was ejected must not make the ejection longer.
        if (State != TargetState.Up || next.FailuresInRow < rules.FailuresToEject)
            return Decision.Quietly<TargetHealth, TargetEffect>(next);
        return Eject(next, rules, now);
    }

    /// <summary>For a while, longer each time, so that what keeps failing disturbs less and less.</summary>
    private Decision<TargetHealth, TargetEffect> Eject(TargetHealth next, TargetRules rules, DateTimeOffset now)
    {
        var forgotten = Ejections == 0 ? 0 : (int)Math.Min((now - LastEjected) / rules.ForgetAfter, Ejections);
        var earlier = Ejections - Math.Max(0, forgotten);
        var until = now + rules.Ejection(earlier);
        var ejected = Become(
            Lost(next, now) with { Ejections = earlier + 1, LastEjected = now, EjectedUntil = until }, TargetState.Ejected, next.Reason);
        return ejected with { Effects = [.. ejected.Effects, TargetEffect.CheckNow.Instance] };
    }

    private Decision<TargetHealth, TargetEffect> TimePassed(DateTimeOffset now)
    {
        if (State != TargetState.Ejected || now < EjectedUntil)
            return Decision.Quietly<TargetHealth, TargetEffect>(this);

        // One more failure is enough to eject it again: it is on probation until a request passes.
        return FailedInRow > 0
            ? Become(this with { FailuresInRow = 0 }, TargetState.Down, Reason)
            : Become(this with { FailuresInRow = Math.Max(0, FailuresInRow - 1), UpSince = now, LostAt = null }, TargetState.Up, null);
    }

    private static TargetHealth Lost(TargetHealth next, DateTimeOffset now) => next with { LostAt = next.UpSince is null ? next.LostAt : now, UpSince = null };

    private Decision<TargetHealth, TargetEffect> Become(TargetHealth next, TargetState state, string? reason) =>
        State == state
            ? Decision.Quietly<TargetHealth, TargetEffect>(next)
            : Decision.Then<TargetHealth, TargetEffect>(next with { State = state }, new TargetEffect.Changed(State, state, reason));
}
