namespace OpenCluster.Decisions.Sets;

/// <summary>Times of write leases and of noticing that a primary is gone. The defaults suit servers within one city.</summary>
public sealed record LeaseRules
{
    /// <summary>How long a voter's grant counts, on the voter's clock. Longer spares messages and makes every unplanned fail-over wait longer.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The most by which two monotonic clocks may differ in rate, as a share. Crystals differ by 0.0001; virtual machines that are moved, by more.</summary>
    public double Drift { get; init; } = 0.02;

    /// <summary>Without a word from the primary for so long, a voter no longer hears it. Must exceed <see cref="Length"/>.</summary>
    public TimeSpan SilentAfter { get; init; } = TimeSpan.FromMilliseconds(1200);

    /// <summary>A voter's word about what it hears counts for so long.</summary>
    public TimeSpan FreshFor { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a chosen server may take to become primary before another is chosen, in another epoch.</summary>
    public TimeSpan PromoteWithin { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a planned move waits, with writes held, for the wanted server to have everything.</summary>
    public TimeSpan MoveWithin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What was asked and not answered is asked again after this.</summary>
    public TimeSpan AskAgain { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Four times per length: three lost messages in a row lose no lease.</summary>
    public TimeSpan RenewEvery => Length / 4;

    /// <summary>What the holder may count on, on its own clock, from the moment it asked.</summary>
    public TimeSpan Usable => Length * (1 - Drift);
}
