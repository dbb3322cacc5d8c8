using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenCluster.Trust.Certificates;

/// <summary>What a part of a cluster is. The words stand in certificates and never change.</summary>
public enum PartKind { Controller, Agent, LoadBalancer }

/// <summary>
/// Who a certificate speaks for: a URI in its alternative names in the form that SPIFFE gave to such names (SPIFFE-ID, section 2),
/// <c>spiffe://DOMAIN/agent/ID</c>. A host name would not do: servers are renamed, and two clusters may use the same names.
/// </summary>
/// <param name="Domain">The cluster's trust domain: random, made with its first root, the same for ever.</param>
/// <param name="Id">A server's id (or name, before it has one), an instance's id.</param>
public sealed record PartName(string Domain, PartKind Kind, string Id)
{
    private const string Scheme = "spiffe://";
    private const string AlternativeNames = "2.5.29.17";

    /// <summary>Tag of a URI among the alternative names (RFC 5280, section 4.2.1.6).</summary>
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    public Uri Uri => new($"{Scheme}{Domain}/{Word(Kind)}/{Uri.EscapeDataString(Id)}");

    /// <summary>What an authority is named by: the domain alone.</summary>
    public static Uri DomainUri(string domain) => new(Scheme + domain);

    /// <summary>The part that a certificate names; null when it names none, or more than one.</summary>
    public static PartName? Of(X509Certificate2 certificate) =>
        UrisOf(certificate) is [var only] && only.StartsWith(Scheme, StringComparison.Ordinal)
        && only[Scheme.Length..].Split('/') is [{ Length: > 0 } domain, var word, { Length: > 0 } id] && KindOf(word) is { } kind
            ? new PartName(domain, kind, Uri.UnescapeDataString(id))
            : null;

    /// <summary>The trust domain of an authority's certificate; null when it is not one of ours.</summary>
    public static string? DomainOf(X509Certificate2 authority) =>
        UrisOf(authority) is [var only] && only.StartsWith(Scheme, StringComparison.Ordinal) ? only[Scheme.Length..].TrimEnd('/') : null;

    private static List<string> UrisOf(X509Certificate2 certificate)
    {
        var uris = new List<string>();
        if (certificate.Extensions.FirstOrDefault(e => e.Oid?.Value == AlternativeNames) is not { } names) return uris;
        try
        {
            var sequence = new AsnReader(names.RawData, AsnEncodingRules.DER).ReadSequence();
            while (sequence.HasData)
            {
                if (sequence.PeekTag() == UriTag) uris.Add(sequence.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
                else sequence.ReadEncodedValue();
            }
        }
        catch (AsnContentException)
        {
            // What cannot be read names nobody.
            return [];
        }

        return uris;
    }

    private static string Word(PartKind kind) => kind switch
    {
        PartKind.Controller => "controller",
        PartKind.Agent => "agent",
        PartKind.LoadBalancer => "load-balancer",
        _ => throw new CryptographicException($"There is no word for {kind}."),
    };

    private static PartKind? KindOf(string word) => word switch
    {
        "controller" => PartKind.Controller,
        "agent" => PartKind.Agent,
        "load-balancer" => PartKind.LoadBalancer,
        _ => null,
    };
}
