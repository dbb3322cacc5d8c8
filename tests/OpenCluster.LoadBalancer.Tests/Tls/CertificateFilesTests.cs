using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.LoadBalancer.Tls;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Tls;

public sealed class CertificateFilesTests : IDisposable
{
    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task Each_thing_that_can_be_wrong_with_the_files_is_told_in_a_sentence()
    {
        var good = _certificates.Write("good", ["good.org"]);
        var other = _certificates.Write("other", ["other.org"]);
        var old = _certificates.Write("old", ["old.org"], days: -5);
        File.WriteAllText(_certificates.File("empty.pem"), "");
        File.WriteAllText(_certificates.File("locked.key"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");

        Assert.Empty(await ProblemsAsync(good));
        Assert.Equal($"certificate good: {_certificates.File("none.pem")} does not exist", await ProblemsAsync(good with { File = _certificates.File("none.pem") }));
        Assert.Equal($"certificate good: {_certificates.File("empty.pem")} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)", await ProblemsAsync(good with { File = _certificates.File("empty.pem") }));
        Assert.Equal($"certificate good: the key in {other.Key} does not belong to the certificate in {good.File}, or is neither RSA nor EC", await ProblemsAsync(good with { Key = other.Key }));
        Assert.Equal($"certificate good: {good.File} holds no private key in PEM (-----BEGIN PRIVATE KEY-----)", await ProblemsAsync(good with { Key = good.File }));
        Assert.Contains("is encrypted", await ProblemsAsync(good with { Key = _certificates.File("locked.key") }));
        Assert.StartsWith($"certificate old: the certificate in {old.File} ended on 20", await ProblemsAsync(old));
    }

    [Fact]
    public async Task Certificate_that_ends_soon_is_warned_of_with_the_day()
    {
        var plan = _certificates.Write("soon", ["soon.org"], days: 10);
        await using var store = new TlsStore(TimeProvider.System);
        store.Load(Snapshot(plan));
        store.Use(Snapshot(plan));
        var warning = Assert.Single(store.Warnings());
        Assert.StartsWith("certificate soon ends in 9 days, on 20", warning);
        Assert.EndsWith($"; put a new one at {plan.File}", warning);
    }

    [Fact]
    public async Task Changed_files_are_put_to_use_and_broken_ones_refused_while_the_old_one_stays()
    {
        var plan = _certificates.Write("site", ["site.org"]);
        await using var store = new TlsStore(TimeProvider.System);
        store.Load(Snapshot(plan));
        store.Use(Snapshot(plan));
        var first = store.Table.Find("site.org", null)!.Leaf.SerialNumber;

        File.WriteAllText(plan.File, "-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n");
        await Until.TrueAsync(() => store.Warnings().Length > 0, "the broken file is told");
        Assert.EndsWith("; the one read before stays in use", store.Warnings()[0]);
        Assert.Equal(first, store.Table.Find("site.org", null)!.Leaf.SerialNumber);
        Assert.True(store.Certificates()[0].IsRefused);

        _certificates.Write("site", ["site.org"]);
        await Until.TrueAsync(() => store.Table.Find("site.org", null)!.Leaf.SerialNumber != first, "the new one is shown");
        await Until.TrueAsync(() => store.Warnings().IsEmpty, "nothing is wrong any more");
    }

    [Fact]
    public async Task Symbolic_link_that_is_switched_counts_as_a_change()
    {
        var (one, two) = (_certificates.Write("one", ["site.org"]), _certificates.Write("two", ["site.org"]));
        var plan = new Certificate { Name = "site", File = _certificates.File("live.pem"), Key = _certificates.File("live.key") };
        Link(one);
        await using var store = new TlsStore(TimeProvider.System);
        store.Load(Snapshot(plan));
        store.Use(Snapshot(plan));
        Assert.Equal("CN=site.org", store.Table.Find("site.org", null)!.Leaf.Subject);
        var first = store.Table.Find("site.org", null)!.Leaf.SerialNumber;
        Link(two);
        await Until.TrueAsync(() => store.Table.Find("site.org", null)!.Leaf.SerialNumber != first, "the link's new file is shown");

        void Link(Certificate to)
        {
            foreach (var (link, target) in new[] { (plan.File, to.File), (plan.Key, to.Key) })
            {
                File.Delete(link);
                File.CreateSymbolicLink(link, target);
            }
        }
    }

    private static async Task<string> ProblemsAsync(Certificate plan)
    {
        await using var store = new TlsStore(TimeProvider.System);
        return string.Join("; ", store.Load(Snapshot(plan)));
    }

    private static BalancerSnapshot Snapshot(params Certificate[] certificates) => new() { Balancer = "lb-1", Cluster = "test", Certificates = [.. certificates] };
}
