using System.Collections.Immutable;

namespace OpenCluster.Decisions.Trust;

/// <summary>What stands in the authority's files: enough to know how far a rotation is, without a record of its own that could disagree.</summary>
public sealed record AuthorityFacts
{
    /// <summary>Roots that parts are told to believe: two while the root is rotated.</summary>
    public required int Roots { get; init; }
    public required DateTimeOffset NewestRootMade { get; init; }
    public required DateTimeOffset NewestRootUntil { get; init; }
    /// <summary>False while the issuing authority is still below the root before.</summary>
    public required bool IssuingBelowNewestRoot { get; init; }
    public required DateTimeOffset IssuingMade { get; init; }
    public required DateTimeOffset IssuingUntil { get; init; }
    /// <summary>False when the newest root's key is kept elsewhere.</summary>
    public required bool RootKeyHere { get; init; }
}

public abstract record AuthorityEffect
{
    private AuthorityEffect() { }

    /// <summary>A new issuing authority below the newest root; what the old one signed stays good until it ends.</summary>
    public sealed record RenewIssuing(string Why) : AuthorityEffect;

    /// <summary>Parts are told to believe the newest root alone.</summary>
    public sealed record DropOldRoots : AuthorityEffect;

    /// <summary>A person should act.</summary>
    public sealed record Warn(string Text) : AuthorityEffect;
}

/// <summary>
/// What the cluster's authority needs now. Rotating a root without an outage takes three steps, each longer than any part's certificate
/// lives: (1) the new root is announced beside the old one, and every part hears of it when it renews; (2) the issuing authority moves
/// below the new root; (3) when nothing signed below the old root is in use any more, the old root is dropped.
/// </summary>
public static class AuthorityLife
{
    /// <summary>Step 1 to 2: long enough for people, who hear of the new root when they use the command line.</summary>
    public static readonly TimeSpan Announced = TimeSpan.FromDays(7);

    /// <summary>Step 2 to 3, and never less than twice a part's certificate.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromDays(7);

    private static readonly TimeSpan IssuingWarning = TimeSpan.FromDays(60);
    private static readonly TimeSpan RootWarning = TimeSpan.FromDays(365);

    public static ImmutableArray<AuthorityEffect> Look(AuthorityFacts facts, DateTimeOffset now)
    {
        var effects = ImmutableArray.CreateBuilder<AuthorityEffect>();
        if (facts.Roots > 1 && !facts.IssuingBelowNewestRoot && now >= facts.NewestRootMade + Announced)
            effects.Add(Issue(facts, "the new root has been announced for long enough"));
        else if (facts.Roots > 1 && facts.IssuingBelowNewestRoot && now >= facts.IssuingMade + Overlap)
            effects.Add(new AuthorityEffect.DropOldRoots());
        else if (facts.RootKeyHere && now >= facts.IssuingMade + ((facts.IssuingUntil - facts.IssuingMade) / 2) && (facts.Roots == 1 || facts.IssuingBelowNewestRoot))
            effects.Add(Issue(facts, "half of its time is over"));
        else if (!facts.RootKeyHere && now >= facts.IssuingUntil - IssuingWarning)
            effects.Add(Issue(facts, ""));

        if (now >= facts.NewestRootUntil - RootWarning)
            effects.Add(new AuthorityEffect.Warn($"The cluster's root ends at {facts.NewestRootUntil:u}. All servers have to join a new one by then: plan for it."));
        return effects.ToImmutable();
    }

    private static AuthorityEffect Issue(AuthorityFacts facts, string why) => facts.RootKeyHere
        ? new AuthorityEffect.RenewIssuing(why)
        : new AuthorityEffect.Warn($"The issuing authority ends at {facts.IssuingUntil:u} and the root's key is kept elsewhere. Put root.key back into the controller's directory of keys.");
}
