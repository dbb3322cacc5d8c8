using System.Collections.Immutable;

namespace OpenCluster.Decisions.Sets;

/// <summary>
/// Whose words count about one replicated set: the agents beside its copies, and witnesses that hold no copy. Changed by one voter at
/// a time (<see cref="Towards"/>), and only when the primary works with the present one: any majority of one electorate then shares a
/// voter with any majority of the next, which is all that safety needs.
/// </summary>
/// <remarks>
/// A set of two servers wants a witness. Without one its owner chooses: <c>when-alone: stop</c> makes both vote, so that either stops
/// without the other; <c>when-alone: continue</c> makes the primary's own agent the only voter, so that nobody is promoted while that
/// is silent unless a person says so.
/// </remarks>
/// <param name="Version">Grows by one with each change.</param>
public sealed record Electorate(long Version, ImmutableArray<string> Voters)
{
    public int Majority => (Voters.Length / 2) + 1;

    public bool Has(string voter) => Voters.Contains(voter, StringComparer.Ordinal);

    /// <summary>How many of these are voters.</summary>
    public int Count(IEnumerable<string> names) => names.Count(Has);

    /// <summary>
    /// One step from this electorate to the wanted voters: additions first, so that it never shrinks below what it must become. This
    /// one when nothing is left to do, whatever the order of the names.
    /// </summary>
    public Electorate Towards(ImmutableArray<string> wanted)
    {
        if (wanted.FirstOrDefault(v => !Has(v)) is { } added) return new(Version + 1, Voters.Add(added));
        return Voters.FirstOrDefault(v => !wanted.Contains(v, StringComparer.Ordinal)) is { } removed ? new(Version + 1, Voters.Remove(removed)) : this;
    }

    public bool Equals(Electorate? other) => other is not null && Version == other.Version && Voters.SequenceEqual(other.Voters, StringComparer.Ordinal);

    public override int GetHashCode() => HashCode.Combine(Version, Voters.Length);
}
