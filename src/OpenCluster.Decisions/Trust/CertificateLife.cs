namespace OpenCluster.Decisions.Trust;

/// <summary>
/// The machine of one certificate's life, fed by whoever holds it. It renews at half of the certificate's time and warns while there is
/// time to act. It never takes a certificate out of use: whether one that has ended is still believed is for the other side to say, and
/// what already runs does not depend on it.
/// Validity is about the wall clock, waiting about the steady one; where the two part, the clock was set and nothing is concluded for a while.
/// </summary>
public static class CertificateLife
{
    /// <summary>How often the shell should look. A timer set for half a day would not notice that the clock was set.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(30);

    /// <summary>After a failed renewal, doubled up to <see cref="MostWait"/>.</summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan MostWait = TimeSpan.FromMinutes(10);

    /// <summary>Wall and steady clock may part by so much between two looks: slewing, a short sleep of the machine.</summary>
    public static readonly TimeSpan Drift = TimeSpan.FromMinutes(1);

    /// <summary>After the clock was set it is only watched for so long.</summary>
    public static readonly TimeSpan Watching = TimeSpan.FromMinutes(5);

    /// <summary>When less than this share of its time is left, somebody should know.</summary>
    private const double Late = 0.25;

    public static Decision<CertificateState, CertificateEffect> Handle(CertificateState state, CertificateEvent happened, DateTimeOffset now) => happened switch
    {
        CertificateEvent.Looked(var wall) => Look(state, wall, now),
        CertificateEvent.Renewed(var from, var until) => Renewed(state, from, until),
        CertificateEvent.NotRenewed(var reason) => NotRenewed(state, reason, now),
        _ => Decision.Quietly<CertificateState, CertificateEffect>(state),
    };

    private static Decision<CertificateState, CertificateEffect> Look(CertificateState state, DateTimeOffset wall, DateTimeOffset now)
    {
        var next = state with { LastWall = wall, LastLook = now };
        if (state.LastLook is { } before && (wall - state.LastWall - (now - before)).Duration() > Drift)
        {
            var jump = wall - state.LastWall - (now - before);
            next = next with { WatchUntil = now + Watching, Warned = CertificateWarning.ClockJumped };
            return Decision.Then<CertificateState, CertificateEffect>(next, new CertificateEffect.Warn(
                CertificateWarning.ClockJumped, $"the clock was set {(jump < TimeSpan.Zero ? "back" : "forward")} by {jump.Duration():g}; certificates are only watched for {Watching.TotalMinutes} min"));
        }

        if (now < state.WatchUntil) return Decision.Quietly<CertificateState, CertificateEffect>(next);
        var warning = Judge(state, wall);
        var effects = new List<CertificateEffect>(2);
        if (warning.Kind != state.Warned && warning.Kind != CertificateWarning.None) effects.Add(warning);
        if (warning.Kind == CertificateWarning.None && state.Warned != CertificateWarning.None) effects.Add(new CertificateEffect.Well());
        next = next with { Warned = warning.Kind };
        if (wall >= Half(state) && !state.Asking && now >= state.TryAt)
        {
            effects.Add(new CertificateEffect.Renew());
            next = next with { Asking = true };
        }

        return new(next, Persist.Nothing, [.. effects]);
    }

    private static Decision<CertificateState, CertificateEffect> Renewed(CertificateState state, DateTimeOffset from, DateTimeOffset until)
    {
        var next = state with { From = from, Until = until, Failures = 0, Asking = false, Reason = "", TryAt = DateTimeOffset.MinValue };
        // What was wrong with the one before is over; a clock in doubt stays so until it has been watched.
        if (state.Warned is CertificateWarning.None or CertificateWarning.ClockJumped) return Decision.Quietly<CertificateState, CertificateEffect>(next);
        return Decision.Then<CertificateState, CertificateEffect>(next with { Warned = CertificateWarning.None }, new CertificateEffect.Well());
    }

    private static Decision<CertificateState, CertificateEffect> NotRenewed(CertificateState state, string reason, DateTimeOffset now)
    {
        var wait = FirstWait * Math.Pow(2, Math.Min(state.Failures, 16));
        return Decision.Quietly<CertificateState, CertificateEffect>(state with
        {
            Failures = state.Failures + 1,
            Asking = false,
            Reason = reason,
            TryAt = now + (wait < MostWait ? wait : MostWait),
        });
    }

    private static CertificateEffect.Warn Judge(CertificateState state, DateTimeOffset wall)
    {
        var why = state.Reason.Length == 0 ? "" : $" Renewing it failed {state.Failures} times, the last time because: {state.Reason}";
        if (wall < state.From)
            return new(CertificateWarning.NotYetValid, $"the certificate is valid from {state.From:u} only, and it is {wall:u} here: set the clock");
        if (wall >= state.Until)
            return new(CertificateWarning.Ended, $"the certificate ended at {state.Until:u}; it is renewed as soon as the controller can be reached.{why}");
        if (state.Until - wall < (state.Until - state.From) * Late)
            return new(CertificateWarning.EndsSoon, $"the certificate ends at {state.Until:u} and could not be renewed yet.{why}");
        return new(CertificateWarning.None, "");
    }

    private static DateTimeOffset Half(CertificateState state) => state.From + ((state.Until - state.From) / 2);
}
