using System.Text;

namespace OpenCluster.Store.Tests;

/// <summary>What every store keeps to. One class per store runs it over a store of its own per test.</summary>
public abstract class StoreConformance
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>An empty store, closed by the test.</summary>
    protected abstract Task<IStore> OpenAsync();

    /// <summary>Lets at least <paramref name="duration"/> pass, as the store sees time.</summary>
    protected abstract Task PassAsync(TimeSpan duration);

    /// <summary>Makes the store forget the changes up to now, so that an old watch is refused.</summary>
    protected abstract Task CompactAsync(IStore store);

    [Fact]
    public async Task A_document_reads_back_as_it_was_put()
    {
        await using var store = await OpenAsync();
        var put = await PutAsync(store, "a/1", "one");
        var document = await store.GetAsync("a/1", Cancelled);
        Assert.NotNull(document);
        Assert.Equal("one", Text(document));
        Assert.Equal((put, put, null), (document.CreateRevision, document.ModRevision, document.Lease));
        Assert.Null(await store.GetAsync("a/2", Cancelled));
    }

    [Fact]
    public async Task An_overwrite_keeps_the_create_revision_and_a_new_life_does_not()
    {
        await using var store = await OpenAsync();
        var first = await PutAsync(store, "k", "1");
        var second = await PutAsync(store, "k", "2");
        var document = await store.GetAsync("k", Cancelled);
        Assert.Equal((first, second), (document!.CreateRevision, document.ModRevision));
        Assert.True(second > first);

        await CommittedAsync(store, new Transaction().Delete("k"));
        var third = await PutAsync(store, "k", "3");
        Assert.Equal(third, (await store.GetAsync("k", Cancelled))!.CreateRevision);
    }

    [Fact]
    public async Task A_read_gives_exactly_the_prefix_in_the_order_of_utf8()
    {
        await using var store = await OpenAsync();
        string[] keys = ["b/\U0001F600", "b/\uFB01", "b/z", "b/a", "b", "b0", "a/x", "c"];
        foreach (var key in keys)
            await PutAsync(store, key, key);
        var under = await store.ReadAsync("b/", Cancelled);
        Assert.Equal(["b/a", "b/z", "b/\uFB01", "b/\U0001F600"], under.Documents.Select(document => document.Key));
        Assert.All(under.Documents, document => Assert.Equal(document.Key, Text(document)));
        var all = await store.ReadAsync("", Cancelled);
        Assert.Equal(keys.Length, all.Documents.Count);
        Assert.Equal(all.Documents.Max(document => document.ModRevision), all.Revision);
        Assert.Empty((await store.ReadAsync("nothing", Cancelled)).Documents);
    }

    [Fact]
    public async Task A_transaction_changes_all_its_keys_at_one_revision()
    {
        await using var store = await OpenAsync();
        await PutAsync(store, "old", "x");
        var revision = await CommittedAsync(store, new Transaction().IfAbsent("a").Put("a", Bytes("1")).Put("b", Bytes("2")).Delete("old"));
        var read = await store.ReadAsync("", Cancelled);
        Assert.Equal(["a", "b"], read.Documents.Select(document => document.Key));
        Assert.All(read.Documents, document => Assert.Equal(revision, document.ModRevision));
    }

    [Fact]
    public async Task A_refused_transaction_changes_nothing_and_names_what_failed()
    {
        await using var store = await OpenAsync();
        var there = await PutAsync(store, "there", "x");
        var result = await store.CommitAsync(
            new Transaction().IfAbsent("there").IfExists("missing").IfRevision("gone", 7).IfAbsent("fine").Put("there", Bytes("y")).Put("new", Bytes("z")),
            Cancelled);
        var refused = Assert.IsType<CommitResult.Refused>(result);
        Assert.Equal(
            [new(new Condition.Revision("gone", 7), 0), new(new Condition.Exists("missing"), 0), new(new Condition.Absent("there"), there)],
            refused.Failed.OrderBy(failed => failed.Condition.Key, StringComparer.Ordinal));
        Assert.Equal("x", Text((await store.GetAsync("there", Cancelled))!));
        Assert.Null(await store.GetAsync("new", Cancelled));
    }

    [Fact]
    public async Task A_compare_and_swap_lets_exactly_one_of_many_win_each_round()
    {
        await using var store = await OpenAsync();
        await PutAsync(store, "counter", "0");
        var wins = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            var won = 0;
            for (var i = 0; i < 5;)
            {
                var current = (await store.GetAsync("counter", Cancelled))!;
                var next = Bytes((int.Parse(Text(current)) + 1).ToString());
                if (await store.CommitAsync(new Transaction().IfRevision("counter", current.ModRevision).Put("counter", next), Cancelled) is CommitResult.Committed)
                    (won, i) = (won + 1, i + 1);
            }
            return won;
        })));
        Assert.Equal(40, wins.Sum());
        Assert.Equal("40", Text((await store.GetAsync("counter", Cancelled))!));
    }

    [Fact]
    public async Task A_transaction_that_changes_nothing_takes_no_revision()
    {
        await using var store = await OpenAsync();
        var put = await PutAsync(store, "a", "1");
        Assert.Equal(put, await CommittedAsync(store, new Transaction().IfExists("a")));
        Assert.Equal(put, await CommittedAsync(store, new Transaction().Delete("not there")));
        Assert.Equal(put, (await store.ReadAsync("", Cancelled)).Revision);
    }

    [Fact]
    public async Task The_limits_are_reachable_and_one_more_is_refused()
    {
        await using var store = await OpenAsync();
        var key = new string('k', StoreLimits.MaxKeyBytes);
        var value = new byte[StoreLimits.MaxValueBytes];
        Random.Shared.NextBytes(value);
        await CommittedAsync(store, new Transaction().Put(key, value));
        Assert.True((await store.GetAsync(key, Cancelled))!.Value.Span.SequenceEqual(value));

        var many = new Transaction();
        for (var i = 0; i < StoreLimits.MaxTransactionKeys; i++)
            many.IfAbsent($"many/{i}").Put($"many/{i}", Bytes("x"));
        await CommittedAsync(store, many);
        Assert.Equal(StoreLimits.MaxTransactionKeys, (await store.ReadAsync("many/", Cancelled)).Documents.Count);
        // And refused as a whole, with the longest list of reasons.
        var again = Assert.IsType<CommitResult.Refused>(await store.CommitAsync(many, Cancelled));
        Assert.Equal(StoreLimits.MaxTransactionKeys, again.Failed.Count);

        Assert.Throws<ArgumentException>(() => many.Delete("one more"));
        Assert.Throws<ArgumentException>(() => new Transaction().Put(key + "k", value));
        Assert.Throws<ArgumentException>(() => new Transaction().Put("k", new byte[StoreLimits.MaxValueBytes + 1]));
        Assert.Throws<ArgumentException>(() => new Transaction().Put("a", value).Put("b", value));
        Assert.Throws<ArgumentException>(() => new Transaction().Put("\uD800", value));
        Assert.Throws<ArgumentException>(() => new Transaction().Put("a\n", value));
        Assert.Throws<ArgumentException>(() => new Transaction().Put("", value));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await store.GrantLeaseAsync(TimeSpan.FromSeconds(1.9), Cancelled));
    }

    [Fact]
    public async Task A_watch_sees_each_later_revision_under_its_prefix_once_and_in_order()
    {
        await using var store = await OpenAsync();
        await PutAsync(store, "w/before", "x");
        var read = await store.ReadAsync("w/", Cancelled);
        var first = await CommittedAsync(store, new Transaction().Put("w/1", Bytes("1")).Put("w/2", Bytes("2")).Put("elsewhere", Bytes("3")));
        await PutAsync(store, "elsewhere", "4");

        await using var watch = store.WatchAsync("w/", read.Revision, Cancelled).GetAsyncEnumerator(Cancelled);
        var batch = await Waiting.NextAsync(watch);
        Assert.Equal(first, batch.Revision);
        Assert.Equal(["w/1", "w/2"], batch.Changes.Select(change => change.Key).Order());
        Assert.All(batch.Changes, change => Assert.Equal((first, first), (change.Document!.CreateRevision, change.Document.ModRevision)));

        // From here on it waits for what has not happened yet.
        var next = Waiting.NextAsync(watch);
        var second = await CommittedAsync(store, new Transaction().Delete("w/1").Put("w/2", Bytes("5")));
        batch = await next;
        Assert.Equal(second, batch.Revision);
        Assert.Null(batch.Changes.Single(change => change.Key == "w/1").Document);
        Assert.Equal("5", Text(batch.Changes.Single(change => change.Key == "w/2").Document!));
    }

    [Fact]
    public async Task A_watch_goes_on_from_the_revision_where_another_ended()
    {
        await using var store = await OpenAsync();
        var start = (await store.ReadAsync("", Cancelled)).Revision;
        var revisions = new List<long>();
        for (var i = 0; i < 600; i++)
            revisions.Add(await PutAsync(store, $"w/{i % 7}", $"{i}"));
        var seen = new List<long>();
        while (seen.Count < revisions.Count)
        {
            await foreach (var batch in store.WatchAsync("w/", seen.Count > 0 ? seen[^1] : start, Cancelled))
            {
                seen.Add(batch.Revision);
                if (seen.Count % 100 == 0)
                    break;
            }
        }
        Assert.Equal(revisions, seen);
    }

    [Fact]
    public async Task A_watch_of_changes_that_are_gone_is_told_so_and_a_read_goes_on_from_there()
    {
        await using var store = await OpenAsync();
        var old = await PutAsync(store, "w/1", "1");
        await PutAsync(store, "w/1", "2");
        await PutAsync(store, "w/1", "3");
        await CompactAsync(store);
        var compacted = await Assert.ThrowsAsync<CompactedException>(async () =>
        {
            await foreach (var batch in store.WatchAsync("w/", old, Cancelled))
                Assert.Fail($"revision {batch.Revision} came although it is gone");
        });
        Assert.True(compacted.CompactedRevision > old);

        var read = await store.ReadAsync("w/", Cancelled);
        await using var watch = store.WatchAsync("w/", read.Revision, Cancelled).GetAsyncEnumerator(Cancelled);
        var put = await PutAsync(store, "w/2", "x");
        Assert.Equal(put, (await Waiting.NextAsync(watch)).Revision);
    }

    [Fact]
    public async Task A_cancelled_watch_ends_with_the_cancellation()
    {
        await using var store = await OpenAsync();
        using var cancel = new CancellationTokenSource();
        await using var watch = store.WatchAsync("w/", 0, cancel.Token).GetAsyncEnumerator(cancel.Token);
        var next = watch.MoveNextAsync();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    [Fact]
    public async Task A_closed_store_ends_its_watches_and_refuses_what_is_asked_of_it()
    {
        var store = await OpenAsync();
        var read = await store.ReadAsync("w/", Cancelled);
        await using var watch = store.WatchAsync("w/", read.Revision, Cancelled).GetAsyncEnumerator(Cancelled);
        var next = watch.MoveNextAsync();
        await store.DisposeAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await next);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.GetAsync("a", Cancelled));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await PutAsync(store, "a", "1"));
    }

    [Fact]
    public async Task A_lease_that_is_not_kept_takes_its_documents_with_it_in_one_revision()
    {
        await using var store = await OpenAsync();
        var lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(2), Cancelled);
        Assert.Equal(TimeSpan.FromSeconds(2), lease.TimeToLive);
        var put = await CommittedAsync(store, new Transaction().Put("l/1", Bytes("x"), lease.Id).Put("l/2", Bytes("x"), lease.Id).Put("l/3", Bytes("x")));
        Assert.Equal(lease.Id, (await store.GetAsync("l/1", Cancelled))!.Lease);
        await using var watch = store.WatchAsync("l/", put, Cancelled).GetAsyncEnumerator(Cancelled);
        var ended = Waiting.NextAsync(watch);
        await PassAsync(TimeSpan.FromSeconds(2.5));
        var batch = await ended;
        Assert.Equal(["l/1", "l/2"], batch.Changes.Select(change => change.Key).Order());
        Assert.All(batch.Changes, change => Assert.Null(change.Document));
        Assert.Equal(["l/3"], (await store.ReadAsync("l/", Cancelled)).Documents.Select(document => document.Key));
        Assert.False(await store.KeepLeaseAliveAsync(lease.Id, Cancelled));
        Assert.IsType<CommitResult.LeaseEnded>(await store.CommitAsync(new Transaction().Put("l/4", Bytes("x"), lease.Id), Cancelled));
        Assert.Null(await store.GetAsync("l/4", Cancelled));
    }

    [Fact]
    public async Task A_lease_that_is_kept_alive_lasts()
    {
        await using var store = await OpenAsync();
        var lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(2), Cancelled);
        await CommittedAsync(store, new Transaction().Put("l/1", Bytes("x"), lease.Id));
        for (var i = 0; i < 4; i++)
        {
            await PassAsync(TimeSpan.FromSeconds(0.9));
            Assert.True(await store.KeepLeaseAliveAsync(lease.Id, Cancelled));
        }
        Assert.NotNull(await store.GetAsync("l/1", Cancelled));
        Assert.True(await store.RevokeLeaseAsync(lease.Id, Cancelled));
    }

    [Fact]
    public async Task A_revoked_lease_ends_at_once_and_a_detached_document_stays()
    {
        await using var store = await OpenAsync();
        var lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(60), Cancelled);
        var other = await store.GrantLeaseAsync(TimeSpan.FromSeconds(60), Cancelled);
        Assert.NotEqual(lease.Id, other.Id);
        await CommittedAsync(store, new Transaction().Put("l/1", Bytes("x"), lease.Id).Put("l/2", Bytes("x"), lease.Id).Put("l/3", Bytes("x"), lease.Id));
        await CommittedAsync(store, new Transaction().Put("l/2", Bytes("y")).Put("l/3", Bytes("y"), other.Id));
        Assert.True(await store.RevokeLeaseAsync(lease.Id, Cancelled));
        Assert.Equal(["l/2", "l/3"], (await store.ReadAsync("l/", Cancelled)).Documents.Select(document => document.Key));
        Assert.False(await store.RevokeLeaseAsync(lease.Id, Cancelled));
        Assert.True(await store.KeepLeaseAliveAsync(other.Id, Cancelled));
        Assert.True(await store.RevokeLeaseAsync(other.Id, Cancelled));
    }

    [Fact]
    public async Task A_store_has_a_generation_that_a_json_number_can_hold()
    {
        await using var store = await OpenAsync();
        Assert.InRange(store.Generation.Number, 1, (1L << 53) - 1);
    }

    protected static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    protected static string Text(Document document) => Encoding.UTF8.GetString(document.Value.Span);

    protected static Task<long> PutAsync(IStore store, string key, string value) =>
        CommittedAsync(store, new Transaction().Put(key, Bytes(value)));

    protected static async Task<long> CommittedAsync(IStore store, Transaction transaction) =>
        Assert.IsType<CommitResult.Committed>(await store.CommitAsync(transaction, Cancelled)).Revision;
}
