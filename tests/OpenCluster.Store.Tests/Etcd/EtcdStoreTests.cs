using System.Text;
using OpenCluster.Store.Etcd;

namespace OpenCluster.Store.Tests.Etcd;

/// <summary>What only the etcd store has: members that come and go, and a generation that two openers agree on.</summary>
public sealed class EtcdStoreTests(EtcdServer etcd) : IClassFixture<EtcdServer>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_watch_goes_on_by_itself_after_etcd_was_killed_and_came_back()
    {
        Assert.SkipUnless(EtcdServer.IsInstalled, "needs etcd");
        await using var store = await EtcdStore.OpenAsync(etcd.Options(), Cancelled);
        var start = await PutAsync(store, "w/0", "x");
        await using var watch = store.WatchAsync("w/", start, Cancelled).GetAsyncEnumerator(Cancelled);
        var first = await PutAsync(store, "w/1", "x");
        Assert.Equal(first, (await Waiting.NextAsync(watch)).Revision);

        var next = Waiting.NextAsync(watch);
        await etcd.KillAsync();
        var down = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await PutAsync(store, "w/2", "x"));
        Assert.Contains(etcd.Endpoint.ToString(), down.Message, StringComparison.Ordinal);
        await etcd.StartAsync();
        var second = await PutAsync(store, "w/2", "x");
        Assert.Equal(second, (await next).Revision);
    }

    [Fact]
    public async Task A_dead_endpoint_is_passed_over()
    {
        Assert.SkipUnless(EtcdServer.IsInstalled, "needs etcd");
        var dead = new Uri($"http://127.0.0.1:{EtcdServer.FreePort()}");
        await using var store = await EtcdStore.OpenAsync(etcd.Options() with { Endpoints = [dead, etcd.Endpoint] }, Cancelled);
        var put = await PutAsync(store, "w/a", "1");
        await using var watch = store.WatchAsync("w/", put - 1, Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.Equal(put, (await Waiting.NextAsync(watch)).Revision);
    }

    [Fact]
    public async Task Nobody_there_is_an_error_that_names_every_endpoint_and_knows_that_nothing_happened()
    {
        Uri[] dead = [new($"http://127.0.0.1:{EtcdServer.FreePort()}"), new($"http://127.0.0.1:{EtcdServer.FreePort()}")];
        var error = await Assert.ThrowsAsync<StoreUnavailableException>(() => EtcdStore.OpenAsync(new EtcdOptions { Endpoints = dead }, Cancelled));
        Assert.All(dead, endpoint => Assert.Contains(endpoint.ToString(), error.Message, StringComparison.Ordinal));
        Assert.False(error.OutcomeUnknown);
    }

    [Fact]
    public async Task A_member_that_says_nothing_is_given_up_and_the_outcome_of_a_commit_is_unknown()
    {
        Assert.SkipUnless(EtcdServer.IsInstalled, "needs etcd");
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var endpoint = new Uri($"http://{silent.LocalEndpoint}");
        // The generation is read at the member that answers, after the silent one was given up; then the preference is for the former.
        var options = etcd.Options() with { Endpoints = [endpoint, etcd.Endpoint], CallTimeout = TimeSpan.FromSeconds(0.5) };
        await using var store = await EtcdStore.OpenAsync(options, Cancelled);
        await PutAsync(store, "a", "1");

        using var gateway = new EtcdGateway(options with { Endpoints = [endpoint] });
        var error = await Assert.ThrowsAsync<StoreUnavailableException>(() => gateway.CallAsync(
            "/v3/kv/txn", new TxnRequest([], [], []), EtcdJson.Default.TxnRequest, EtcdJson.Default.TxnResponse, Repeat.Unsafe, Cancelled));
        Assert.True(error.OutcomeUnknown);
    }

    [Fact]
    public async Task All_who_open_a_store_at_once_agree_on_its_generation_and_it_lasts()
    {
        Assert.SkipUnless(EtcdServer.IsInstalled, "needs etcd");
        var options = etcd.Options();
        var stores = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => EtcdStore.OpenAsync(options, Cancelled)));
        var generation = Assert.Single(stores.Select(store => store.Generation).Distinct());
        foreach (var store in stores)
            await store.DisposeAsync();
        await using var later = await EtcdStore.OpenAsync(options, Cancelled);
        Assert.Equal(generation, later.Generation);
        await using var elsewhere = await EtcdStore.OpenAsync(etcd.Options(), Cancelled);
        Assert.Empty((await elsewhere.ReadAsync("", Cancelled)).Documents);
    }

    [Fact]
    public async Task A_store_that_turns_up_in_another_etcd_cluster_begins_a_newer_generation()
    {
        Assert.SkipUnless(EtcdServer.IsInstalled, "needs etcd");
        var options = etcd.Options();
        var keys = new EtcdKeys(options.Namespace);
        const long Old = 4_000_000_000_000_000;
        var left = Encoding.UTF8.GetBytes($$"""{"number":"{{Old}}","cluster_id":"12345"}""");
        await etcd.PostAsync("/v3/kv/put", new { key = keys.Generation, value = left });
        await using var store = await EtcdStore.OpenAsync(options, Cancelled);
        Assert.True(store.Generation.Number > Old);
    }

    private static async Task<long> PutAsync(IStore store, string key, string value)
    {
        var result = await store.CommitAsync(new Transaction().Put(key, Encoding.UTF8.GetBytes(value)), Cancelled);
        return Assert.IsType<CommitResult.Committed>(result).Revision;
    }
}
