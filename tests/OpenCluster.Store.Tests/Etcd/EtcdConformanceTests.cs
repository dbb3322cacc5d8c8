using OpenCluster.Store.Etcd;

namespace OpenCluster.Store.Tests.Etcd;

/// <summary>The conformance suite over a real etcd, in real time; each test has a namespace of its own.</summary>
public sealed class EtcdConformanceTests(EtcdServer etcd) : StoreConformance, IClassFixture<EtcdServer>
{
    protected override async Task<IStore> OpenAsync()
    {
        Assert.SkipUnless(EtcdServer.IsInstalled, "needs etcd");
        return await EtcdStore.OpenAsync(etcd.Options(), TestContext.Current.CancellationToken);
    }

    protected override Task PassAsync(TimeSpan duration) => Task.Delay(duration, TestContext.Current.CancellationToken);

    protected override async Task CompactAsync(IStore store)
    {
        var read = await store.ReadAsync("", TestContext.Current.CancellationToken);
        await etcd.PostAsync("/v3/kv/compaction", new { revision = read.Revision.ToString(), physical = true });
    }
}
