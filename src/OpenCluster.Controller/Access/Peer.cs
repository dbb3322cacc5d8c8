using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using OpenCluster.Trust.Certificates;

namespace OpenCluster.Controller.Access;

/// <summary>
/// The part at the other end of a connection. That its certificate was made by our authority has been judged when the connection was made;
/// that it is still in time is judged with each request, since connections live longer than certificates.
/// </summary>
internal sealed record Peer(PartName Part, string Key, DateTimeOffset Until)
{
    /// <summary>Read once for a connection, not for each of its requests.</summary>
    private static readonly ConditionalWeakTable<X509Certificate2, Peer> Read = [];

    /// <summary>Null for people and scripts, who show no certificate.</summary>
    public static Peer? Of(HttpContext context) =>
        context.Connection.ClientCertificate is { } certificate ? Read.GetValue(certificate, Make) : null;

    private static Peer Make(X509Certificate2 certificate) => new(
        PartName.Of(certificate) ?? throw new InvalidOperationException("A certificate without a part's name was let in."),
        Fingerprint.OfKey(certificate),
        Validity.Until(certificate));
}
