using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.LoadBalancer.Tls;

namespace OpenCluster.LoadBalancer.Tests.Tls;

public sealed class CertificateTableTests : IDisposable
{
    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Theory]
    [InlineData("example.org", "exact")]
    [InlineData("EXAMPLE.org.", "exact")]
    [InlineData("a.example.org", "wild")]
    [InlineData("api.example.org", "api")]
    [InlineData("a.b.example.org", "first")]
    [InlineData("elsewhere.net", "first")]
    [InlineData("", "first")]
    public void Exact_host_comes_before_wildcard_before_the_first(string host, string name)
    {
        var table = Table(("first", ["first.net"]), ("exact", ["example.org"]), ("wild", ["*.example.org"]), ("api", ["api.example.org"]));
        Assert.Equal(name, CommonName(table.Find(host, otherwise: null)!));
    }

    [Fact]
    public void Listener_chooses_what_is_shown_for_other_hosts()
    {
        var table = Table(("first", ["first.net"]), ("second", ["second.net"]));
        Assert.Equal("second", CommonName(table.Find("elsewhere.net", "second")!));
        Assert.Equal("first", CommonName(table.Find("elsewhere.net", "gone")!));
        Assert.Null(CertificateTable.Empty.Find("elsewhere.net", null));
    }

    [Fact]
    public void Certificate_without_hosts_is_shown_for_those_it_names()
    {
        var plan = _certificates.Write("own", ["own.example.org", "other.example.org"]);
        var loaded = LoadedCertificate.Read(plan, TimeProvider.System);
        Assert.Equal(["own.example.org", "other.example.org"], loaded.Hosts);
        Assert.Same(loaded, new CertificateTable([(plan.Name, [], loaded)]).Find("other.example.org", null));
    }

    private CertificateTable Table(params (string Name, string[] Hosts)[] certificates) => new(certificates.Select(c =>
        (c.Name, (IReadOnlyList<string>)c.Hosts, LoadedCertificate.Read(_certificates.Write(c.Name, [c.Name], shownFor: c.Hosts), TimeProvider.System))));

    private static string CommonName(LoadedCertificate loaded) => loaded.Leaf.Subject["CN=".Length..];
}
