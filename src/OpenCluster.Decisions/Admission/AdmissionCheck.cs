using System.Collections.Immutable;
using System.Net;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Admission;

/// <summary>What is known of one who wants in.</summary>
/// <param name="CertificateNames">Names of the certificate it has shown and the listener trusts; default when it has shown none.</param>
public readonly record struct Visitor(IPAddress Address, bool IsSecure, ImmutableArray<string> CertificateNames, int HeadBytes);

/// <summary>The part of a route's admission that needs no memory: who may come at all. Made once, asked for every request; allocates nothing.</summary>
public sealed class AdmissionCheck
{
    private readonly AdmissionRule _rule;
    private readonly PlainHttp _plain;
    private readonly NetworkSet _from;
    private readonly NetworkSet _notFrom;

    /// <exception cref="FormatException">A network of the rule is none.</exception>
    public AdmissionCheck(AdmissionRule rule, PlainHttp plain)
    {
        _rule = rule;
        _plain = plain;
        _from = NetworkSet.Of(rule.From);
        _notFrom = NetworkSet.Of(rule.NotFrom);
        AsksNothing = _from.IsEmpty && _notFrom.IsEmpty && rule.ClientCertificate is null && plain != PlainHttp.Refuse && rule.MaxHeadBytes >= new AdmissionRule().MaxHeadBytes;
    }

    /// <summary>Everyone passes.</summary>
    public bool AsksNothing { get; }

    public Refusal Judge(in Visitor visitor)
    {
        if ((!_from.IsEmpty && !_from.Contains(visitor.Address)) || _notFrom.Contains(visitor.Address)) return Refusal.Address;
        if (visitor.HeadBytes > _rule.MaxHeadBytes) return Refusal.HeadSize;
        // Who is sent to https is asked for its certificate there.
        if (!visitor.IsSecure && _plain != PlainHttp.Serve) return _plain == PlainHttp.Refuse ? Refusal.PlainHttp : Refusal.None;
        return _rule.ClientCertificate is { } wanted && !HasName(wanted, visitor.CertificateNames) ? Refusal.Certificate : Refusal.None;
    }

    private static bool HasName(ClientCertificateRule wanted, ImmutableArray<string> shown)
    {
        if (shown.IsDefault) return false;
        if (wanted.Names.IsEmpty) return true;
        foreach (var name in shown)
            if (wanted.Names.Contains(name, StringComparer.OrdinalIgnoreCase)) return true;
        return false;
    }
}
