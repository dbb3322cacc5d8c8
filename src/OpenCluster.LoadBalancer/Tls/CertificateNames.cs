using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace OpenCluster.LoadBalancer.Tls;

/// <summary>The names a certificate carries: alternative names (RFC 5280 §4.2.1.6) and its common name.</summary>
internal static class CertificateNames
{
    private const string CommonName = "2.5.4.3";
    private const string AlternativeNames = "2.5.29.17";
    private const int Mail = 1;
    private const int DnsName = 2;
    private const int Uri = 6;

    public static IEnumerable<string> Dns(X509Certificate2 certificate)
    {
        var named = Alternative(certificate).Where(n => n.Kind == DnsName).Select(n => n.Name).ToList();
        return named.Count > 0 ? named : Common(certificate);
    }

    /// <summary>The common name and all alternative names of kinds DNS, e-mail and URI, by which a client may be let in.</summary>
    public static IEnumerable<string> All(X509Certificate2 certificate) =>
        Common(certificate).Concat(Alternative(certificate).Select(n => n.Name)).Distinct(StringComparer.Ordinal);

    private static IEnumerable<string> Common(X509Certificate2 certificate) =>
        certificate.SubjectName.EnumerateRelativeDistinguishedNames(reversed: false)
            .Where(r => !r.HasMultipleElements && r.GetSingleElementType().Value == CommonName).Select(r => r.GetSingleElementValue()).OfType<string>().Take(1);

    private static List<(int Kind, string Name)> Alternative(X509Certificate2 certificate)
    {
        var names = new List<(int, string)>();
        if (certificate.Extensions[AlternativeNames] is not { } extension) return names;
        var list = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
        while (list.HasData)
        {
            var tag = list.PeekTag();
            var value = list.ReadEncodedValue();
            if (tag.TagClass != TagClass.ContextSpecific || tag.TagValue is not (Mail or DnsName or Uri)) continue;
            names.Add((tag.TagValue, Encoding.ASCII.GetString(AsnDecoder.ReadOctetString(value.Span, AsnEncodingRules.DER, out _, tag))));
        }
        return names;
    }
}
