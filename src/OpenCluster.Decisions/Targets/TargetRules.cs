using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Targets;

/// <summary>When a target counts as up, down or ejected.</summary>
public sealed record TargetRules
{
    /// <summary>Checks in a row that must pass before it serves. From 1; default 1.</summary>
    public int Rise { get; init; } = 1;

    /// <summary>Checks in a row that must fail before it is down. From 1; default 3.</summary>
    public int Fall { get; init; } = 3;

    /// <summary>Requests in a row that must fail on it before it is ejected. Default 3; more forgives longer, and costs that many requests.</summary>
    public int FailuresToEject { get; init; } = 3;

    /// <summary>The first ejection lasts so long, each further one twice as long as the one before. Default 2 s.</summary>
    public TimeSpan FirstEjection { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>No ejection lasts longer. Default 60 s.</summary>
    public TimeSpan LongestEjection { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Each such time without an ejection forgets one earlier ejection. Default 30 s.</summary>
    public TimeSpan ForgetAfter { get; init; } = TimeSpan.FromSeconds(30);

    public static TargetRules Default { get; } = new();

    public static TargetRules For(HealthCheck? check) =>
        check is null ? Default : Default with { Rise = Math.Max(1, check.Rise), Fall = Math.Max(1, check.Fall) };

    /// <summary>How long the ejection lasts that follows <paramref name="earlier"/> others not yet forgotten.</summary>
    internal TimeSpan Ejection(int earlier)
    {
        var doubled = FirstEjection * Math.Pow(2, Math.Min(earlier, 30));
        return doubled < LongestEjection ? doubled : LongestEjection;
    }
}
