using System.Collections.Immutable;
using OpenCluster.Model.Balancing;

namespace OpenCluster.Decisions.Registrations;

/// <summary>
/// Every lease a balancer knows, its own and those of its peers. Two books merge into one that does not depend on the order, on repetition,
/// or on who merged first: per lease the newer stamp wins, and of the same stamp the later end.
/// </summary>
public sealed record RegistrationBook
{
    /// <summary>Registrations that may live at once; more are refused. About 2 KB each.</summary>
    public const int MostLive = 10_000;

    /// <summary>Of one token, so that one app gone wrong does not take the places of all.</summary>
    public const int MostOfOneToken = 2_000;

    /// <summary>
    /// How much longer than its lease an end is remembered. A copy that never heard of the end has run out by then: what is left of a
    /// lease travels between peers, and takes at most this long in all.
    /// </summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(30);

    /// <summary>Leases kept in all, ended ones included; of these the ones that end first are forgotten first.</summary>
    public const int MostKept = 2 * MostLive;

    public static RegistrationBook Empty { get; } = new();

    public ImmutableDictionary<string, RegistrationLease> Leases { get; private init; } = ImmutableDictionary.Create<string, RegistrationLease>(StringComparer.Ordinal);

    public RegistrationLease? Find(string id) => Leases.GetValueOrDefault(id);

    /// <summary>Registrations whose lease lasts, by id.</summary>
    public IEnumerable<Registration> Live(DateTimeOffset now) =>
        Leases.Values.Where(l => l.Until > now && l.Registration is not null).Select(l => l.Registration!).OrderBy(r => r.Id, StringComparer.Ordinal);

    /// <summary>When the next lease ends; null when none lasts.</summary>
    public DateTimeOffset? NextEnd(DateTimeOffset now) =>
        Leases.Values.Where(l => l.Registration is not null && l.Until > now).Min(l => (DateTimeOffset?)l.Until);

    /// <summary>With this lease in it, unless a newer version is there already.</summary>
    public RegistrationBook With(RegistrationLease lease)
    {
        var known = Find(lease.Id);
        var merged = known is null ? lease : Newer(known, lease);
        return ReferenceEquals(merged, known) ? this : this with { Leases = Leases.SetItem(lease.Id, merged) };
    }

    public RegistrationBook Merge(RegistrationBook other)
    {
        var merged = this;
        foreach (var lease in other.Leases.Values) merged = merged.With(lease);
        return merged;
    }

    /// <summary>Without what is over and need not be remembered any more.</summary>
    public RegistrationBook Trim(DateTimeOffset now)
    {
        var gone = Leases.Values.Where(l => l.Until + Memory <= now).Select(l => l.Id).ToList();
        if (Leases.Count - gone.Count > MostKept)
            gone.AddRange(Leases.Values.Where(l => l.Registration is null && l.Until + Memory > now).OrderBy(l => l.Until).ThenBy(l => l.Id, StringComparer.Ordinal).Take(Leases.Count - gone.Count - MostKept).Select(l => l.Id));
        return gone.Count == 0 ? this : this with { Leases = Leases.RemoveRange(gone) };
    }

    /// <summary>The least upper bound of two versions of one lease: the first where both are the same.</summary>
    public static RegistrationLease Newer(RegistrationLease a, RegistrationLease b)
    {
        var order = a.Stamp.CompareTo(b.Stamp);
        if (order == 0) return a.Until >= b.Until ? a : b;
        return order > 0 ? a : b;
    }
}
