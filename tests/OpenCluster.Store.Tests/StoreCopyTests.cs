using OpenCluster.Store.Embedded;
using OpenCluster.Store.Etcd;
using OpenCluster.Store.Tests.Etcd;

namespace OpenCluster.Store.Tests;

public sealed class StoreCopyTests(EtcdServer etcd) : IClassFixture<EtcdServer>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Documents_move_from_embedded_to_etcd_and_back_and_each_store_is_of_a_newer_generation()
    {
        Assert.SkipUnless(EtcdServer.IsInstalled, "needs etcd");
        using var directory = new TemporaryDirectory();
        await using var first = EmbeddedStore.Open(Path.Combine(directory.Path, "first"), new EmbeddedStoreOptions());
        var lease = await first.GrantLeaseAsync(TimeSpan.FromSeconds(60), Cancelled);
        await first.CommitAsync(new Transaction().Put("leased", "x"u8.ToArray(), lease.Id), Cancelled);
        for (var i = 0; i < 300; i++)
            await first.CommitAsync(new Transaction().Put($"k/{i:d3}", new byte[(i % 7) * 20_000]), Cancelled);

        await using var second = await EtcdStore.OpenAsync(etcd.Options(), Cancelled);
        Assert.Equal(300, await StoreCopy.CopyAsync(first, second, Cancelled));
        await using var third = EmbeddedStore.Open(Path.Combine(directory.Path, "third"), new EmbeddedStoreOptions());
        Assert.Equal(300, await StoreCopy.CopyAsync(second, third, Cancelled));

        Assert.True(first.Generation.CompareTo(second.Generation) < 0 && second.Generation.CompareTo(third.Generation) < 0);
        var before = (await first.ReadAsync("k/", Cancelled)).Documents;
        var after = (await third.ReadAsync("", Cancelled)).Documents;
        Assert.Equal(before.Select(document => document.Key), after.Select(document => document.Key));
        Assert.All(before.Zip(after), pair => Assert.True(pair.First.Value.Span.SequenceEqual(pair.Second.Value.Span)));

        await Assert.ThrowsAsync<InvalidOperationException>(() => StoreCopy.CopyAsync(third, first, Cancelled));
        await using var fourth = EmbeddedStore.Open(Path.Combine(directory.Path, "fourth"), new EmbeddedStoreOptions());
        await fourth.CommitAsync(new Transaction().Put("k/000", default), Cancelled);
        await Assert.ThrowsAsync<InvalidOperationException>(() => StoreCopy.CopyAsync(first, fourth, Cancelled));
    }
}
