using System.Collections.Immutable;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary><c>admit</c>: which requests are let in.</summary>
internal static class AdmissionSchema
{
    private static readonly AdmissionRule Usual = new();
    private static readonly ListShape<string> Networks = new("addresses", new TextShape("an IP address or a network", Texts.NotANetwork));

    private static readonly Key<ImmutableArray<string>> From = new("from", Networks, "Clients that may come: addresses and networks.", []) { UsualWords = "all" };
    private static readonly Key<ImmutableArray<string>> NotFrom = new("not-from", Networks, "Clients that may not, even if \"from\" has them.", []);
    private static readonly OptionalKey<ClientCertificateRule> Certificate = new("client-certificate", CertificateSchema.Shape,
        "The client must show a certificate that the listener trusts.")
    { Otherwise = "none is needed" };
    private static readonly Key<LoadLimit> PerClient = new("per-client", LimitSchema.Shape, "For each client: an IPv4 address, or a /64 of IPv6. More is refused with 429.", Usual.PerClient) { UsualWords = "no limit" };
    private static readonly Key<LoadLimit> InAll = new("in-all", LimitSchema.Shape, "For all clients together. More is refused with 503.", Usual.InAll) { UsualWords = "no limit" };
    private static readonly Key<long> MaxHead = new("max-head", Common.Size("1KiB", "32KiB"), "The largest head of a request.", Usual.MaxHeadBytes);

    public static readonly ObjectShape<AdmissionRule> Shape = new("an admission rule", [From, NotFrom, Certificate, PerClient, InAll, MaxHead], o => new AdmissionRule
    {
        From = o.Get(From),
        NotFrom = o.Get(NotFrom),
        ClientCertificate = o.Maybe(Certificate),
        PerClient = o.Get(PerClient),
        InAll = o.Get(InAll),
        MaxHeadBytes = (int)o.Get(MaxHead),
    });
}

/// <summary><c>client-certificate</c>: whose.</summary>
internal static class CertificateSchema
{
    private static readonly ListShape<string> NameList = new("names", Common.Text);
    private static readonly Key<ImmutableArray<string>> Names = new("names", NameList,
        "Common names or alternative names (DNS, e-mail, URI) that may come.", [])
    { UsualWords = "every one the listener trusts" };

    public static readonly ObjectShape<ClientCertificateRule> Shape = new("a client certificate rule", [Names], o => new ClientCertificateRule { Names = o.Get(Names) })
    {
        Short = new ShortForm<string, ClientCertificateRule>(new ChoiceShape<string>(("required", "required")), (_, _) => new ClientCertificateRule()),
    };
}

/// <summary><c>per-client</c>, <c>in-all</c>: bounds on load.</summary>
internal static class LimitSchema
{
    private static readonly LoadLimit Usual = new();

    private static readonly Key<double> Rate = new("rate", new NumberShape(0, 1_000_000, "a number of requests per second"), "Requests per second in the long run.", Usual.Rate) { UsualWords = "no limit" };
    private static readonly Key<int> Burst = new("burst", new WholeShape(0, 1_000_000, "a number of requests"), "Requests that may come together before the rate counts.", Usual.Burst) { UsualWords = "as many as come in one second" };
    private static readonly Key<int> AtOnce = new("at-once", new WholeShape(0, 1_000_000, "a number of requests"), "Requests at one time.", Usual.AtOnce) { UsualWords = "no limit" };

    public static readonly ObjectShape<LoadLimit> Shape = new("a load limit", [Rate, Burst, AtOnce], o => new LoadLimit { Rate = o.Get(Rate), Burst = o.Get(Burst), AtOnce = o.Get(AtOnce) });
}
