namespace OpenCluster.Decisions.Trust;

/// <summary>What should be said about a certificate; the gravest that holds.</summary>
public enum CertificateWarning { None, ClockJumped, EndsSoon, NotYetValid, Ended }

/// <summary>What is known of one certificate. Memory only: after a restart the certificate itself says it all.</summary>
public sealed record CertificateState
{
    public DateTimeOffset From { get; init; }
    public DateTimeOffset Until { get; init; }
    /// <summary>A renewal is under way.</summary>
    public bool Asking { get; init; }
    public int Failures { get; init; }
    /// <summary>Why the last renewal failed; empty when it did not.</summary>
    public string Reason { get; init; } = "";
    /// <summary>Not before then (steady).</summary>
    public DateTimeOffset TryAt { get; init; }
    public CertificateWarning Warned { get; init; }
    /// <summary>Both clocks at the last look; null before the first.</summary>
    public DateTimeOffset LastWall { get; init; }
    public DateTimeOffset? LastLook { get; init; }
    /// <summary>Until then the clock is in doubt (steady).</summary>
    public DateTimeOffset WatchUntil { get; init; }

    public static CertificateState Of(DateTimeOffset from, DateTimeOffset until) => new() { From = from, Until = until };
}

public abstract record CertificateEvent
{
    private CertificateEvent() { }

    /// <param name="Wall">What the wall clock says.</param>
    public sealed record Looked(DateTimeOffset Wall) : CertificateEvent;

    public sealed record Renewed(DateTimeOffset From, DateTimeOffset Until) : CertificateEvent;

    public sealed record NotRenewed(string Reason) : CertificateEvent;
}

public abstract record CertificateEffect
{
    private CertificateEffect() { }

    /// <summary>Ask for a new one; answered by <see cref="CertificateEvent.Renewed"/> or <see cref="CertificateEvent.NotRenewed"/>.</summary>
    public sealed record Renew : CertificateEffect;

    /// <summary>Told once for each kind, until something else holds.</summary>
    public sealed record Warn(CertificateWarning Kind, string Text) : CertificateEffect;

    /// <summary>What was warned of is over.</summary>
    public sealed record Well : CertificateEffect;
}
