namespace OpenCluster.Model.Nouns;

/// <summary>Which target of a route gets a request. Shares are weighed first (health, weight, location, release, slow start), then one is drawn.</summary>
public sealed record BalanceRule
{
    public BalancePolicy Policy { get; init; } = BalancePolicy.LeastOutstanding;
    /// <summary>What is hashed, for <see cref="BalancePolicy.Hash"/>.</summary>
    public HashKey Key { get; init; } = new(HashSource.Ip);
    /// <summary>Prefer targets near the balancer, and spill over when too few of them are healthy. Default true.</summary>
    public bool Near { get; init; } = true;
    /// <summary>Which release is preferred while several serve. Default none: all by their weight.</summary>
    public ReleasePreference Releases { get; init; } = ReleasePreference.Any;
    /// <summary>Share of requests that the newest release gets while an older one serves too, 0 to 1; null for its share of the instances.</summary>
    public double? NewestShare { get; init; }
    /// <summary>When less than this share of the targets is healthy and the others fell silent at once, the balancer suspects itself and uses all. Default 0.5; 0 never.</summary>
    public double Panic { get; init; } = 0.5;
    /// <summary>Requests at one time on one target; more wait. 0, the default, for no limit.</summary>
    public int MaxInFlight { get; init; }
    /// <summary>Keeps a client with its target by a cookie; null for none.</summary>
    public StickyRule? Sticky { get; init; }
}

public enum BalancePolicy
{
    /// <summary>The less busy of two drawn by share.</summary>
    LeastOutstanding,
    /// <summary>Each in its turn, by share.</summary>
    RoundRobin,
    /// <summary>The same key goes to the same target while that serves.</summary>
    Hash,
}

public enum HashSource { Ip, Path, Header, Cookie }

/// <param name="Name">Of the header or cookie. A request without it is balanced by its client's address.</param>
public sealed record HashKey(HashSource Source, string Name = "");

public enum ReleasePreference { Any, Newer, Older }

/// <summary>A session stays on its target while that serves, and moves on when it dies or drains.</summary>
/// <param name="Cookie">Its name. Its value names the target without giving it away.</param>
/// <param name="For">How long the client keeps it; zero, the default, for as long as it runs.</param>
public sealed record StickyRule(string Cookie, TimeSpan For = default);
