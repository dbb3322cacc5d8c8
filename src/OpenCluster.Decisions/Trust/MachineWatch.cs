using System.Collections.Immutable;

namespace OpenCluster.Decisions.Trust;

/// <summary>The machine on which a server's key was used.</summary>
/// <param name="Machine">What the machine is, as its agent works it out; differs on a copy of its disk where the hardware does.</param>
/// <param name="Boot">The kernel's boot id: new with every boot, on every machine.</param>
public sealed record Sighting(string Machine, string Boot);

/// <summary>What is known of the machine behind a server's key. Persisted, but for when it was heard.</summary>
public sealed record KnownMachine
{
    public required string Machine { get; init; }
    public required string Boot { get; init; }
    /// <summary>Boots that are over, newest first, at most <see cref="MachineWatch.PastBoots"/>: they cannot come back.</summary>
    public ImmutableArray<string> Past { get; init; } = [];
    /// <summary>When it was last heard in this boot.</summary>
    public DateTimeOffset HeardAt { get; init; }
}

public enum SightingKind
{
    Known,
    /// <summary>The machine has started anew.</summary>
    Booted,
    /// <summary>Another machine uses the same key.</summary>
    Clone,
}

/// <param name="State">As it is from now on; unchanged by a clone.</param>
/// <param name="Why">For a clone: how that was seen.</param>
public sealed record SightingVerdict(SightingKind Kind, KnownMachine State, string Why = "");

/// <summary>
/// Tells a server from a copy of it. A copied disk brings the server's key along, so the key alone proves nothing: the first machine that
/// used it keeps it, and whatever else shows up with it is refused, until the server is joined anew by hand.
/// Copies of a virtual machine may even share what the machine says of itself; but two machines that both live have two boot ids, and one
/// machine has one at a time.
/// </summary>
public static class MachineWatch
{
    public const int PastBoots = 8;

    /// <summary>No machine boots faster than this. A new boot id while the old one was heard so recently is a second machine (or is believed a moment later).</summary>
    public static readonly TimeSpan FastestBoot = TimeSpan.FromSeconds(5);

    public static SightingVerdict Judge(KnownMachine known, Sighting seen, DateTimeOffset now)
    {
        if (seen.Machine != known.Machine)
            return new(SightingKind.Clone, known, "it is another machine than the one that joined with this key");
        if (seen.Boot == known.Boot) return new(SightingKind.Known, known with { HeardAt = now });
        if (known.Past.Contains(seen.Boot))
            return new(SightingKind.Clone, known, "it says it runs since a boot that was over when another one was seen, so there are two machines");
        if (now - known.HeardAt < FastestBoot)
            return new(SightingKind.Clone, known, $"the machine that has this key was heard {(now - known.HeardAt).TotalSeconds:0.0} s ago and cannot have booted since");
        return new(SightingKind.Booted, known with { Boot = seen.Boot, Past = [known.Boot, .. known.Past.Take(PastBoots - 1)], HeardAt = now });
    }
}
