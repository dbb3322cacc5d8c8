using System.Security.Cryptography.X509Certificates;

namespace OpenCluster.Trust.Certificates;

/// <summary>What a certificate was found to be.</summary>
/// <param name="Part">Whom it speaks for; null when it was refused.</param>
/// <param name="Refused">Why it is not believed, for a person; null when it is.</param>
/// <param name="Expired">It was good, and ran out within the grace.</param>
public sealed record PeerVerdict(PartName? Part, string? Refused, bool Expired = false)
{
    public static PeerVerdict No(string why) => new(null, why);
}

/// <summary>
/// Judges the certificate of the other side. Its chain must lead to a root of ours, and it must name one part of our cluster. Who
/// may do what is decided elsewhere.
/// </summary>
public static class PeerCheck
{
    /// <summary>
    /// How long after its end a part's certificate still proves who it is, for renewing it and for nothing else: a server that was off, or
    /// whose controller was away, comes back by itself. Removal of a server does not wait for it: its key is struck off at once.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromDays(30);

    /// <param name="chain">As TLS built it by <see cref="RootBundle.Policy"/>.</param>
    /// <param name="chained">False when it does not lead to a root of ours.</param>
    public static PeerVerdict Judge(X509Certificate2 peer, X509Chain? chain, bool chained, RootBundle roots, DateTimeOffset now)
    {
        if (!chained || chain is null) return PeerVerdict.No($"its certificate was not made by this cluster's authority ({Reasons(chain)})");
        if (PartName.Of(peer) is not { } part || part.Domain != roots.Domain) return PeerVerdict.No("its certificate names no part of this cluster");
        var expired = false;
        foreach (var element in chain.ChainElements)
        {
            var (from, until) = (Validity.From(element.Certificate), Validity.Until(element.Certificate));
            if (now < from) return PeerVerdict.No($"its certificate is valid from {from:u}, and it is {now:u} here: one of the two clocks is wrong");
            if (now <= until) continue;
            if (now > until + Grace) return PeerVerdict.No($"its certificate ran out at {until:u}");
            expired = true;
        }

        return new PeerVerdict(part, null, expired);
    }

    private static string Reasons(X509Chain? chain) =>
        chain is null || chain.ChainStatus.Length == 0 ? "no chain" : string.Join(", ", chain.ChainStatus.Select(s => s.Status.ToString()));
}
