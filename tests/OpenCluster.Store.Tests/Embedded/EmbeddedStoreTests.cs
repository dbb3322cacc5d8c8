using System.Text;
using OpenCluster.Store.Embedded;

namespace OpenCluster.Store.Tests.Embedded;

/// <summary>What only the embedded store has: its directory, its restart, its own history.</summary>
public sealed class EmbeddedStoreTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly FakeTime time = new();
    private readonly List<string> reports = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Documents_revisions_generation_and_recent_changes_survive_a_restart()
    {
        long before, last;
        Generation generation;
        await using (var store = Open())
        {
            await PutAsync(store, "a", "1");
            before = await PutAsync(store, "a", "2");
            last = await PutAsync(store, "b", "3");
            generation = store.Generation;
        }
        time.Advance(TimeSpan.FromDays(1));
        await using var again = Open();
        var read = await again.ReadAsync("", Cancelled);
        Assert.Equal((last, generation), (read.Revision, again.Generation));
        Assert.Equal(["a=2", "b=3"], read.Documents.Select(document => $"{document.Key}={Encoding.UTF8.GetString(document.Value.Span)}"));
        await using var watch = again.WatchAsync("", before, Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.Equal(last, (await Waiting.NextAsync(watch)).Revision);
        Assert.True(await PutAsync(again, "c", "4") > last);
        Assert.Empty(reports);
    }

    [Fact]
    public async Task A_second_store_on_the_directory_is_told_who_has_it()
    {
        await using (Open())
        {
            var refused = Assert.Throws<StoreInUseException>(Open);
            Assert.Equal(Environment.ProcessId, refused.HolderPid);
            Assert.Contains($"process {Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
        }
        await using var free = Open();
    }

    [Fact]
    public async Task A_snapshot_replaces_the_journal_and_a_watch_from_before_it_reads_again_after_a_restart()
    {
        var options = Options() with { SnapshotBytes = 20_000 };
        long first;
        await using (var store = EmbeddedStore.Open(directory.Path, options))
        {
            var lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(30), Cancelled);
            first = await PutAsync(store, "held", "x", lease.Id);
            for (var i = 0; i < 300; i++)
                await PutAsync(store, $"k/{i % 10}", new string('x', 200));
            Assert.Single(Directory.GetFiles(directory.Path, "snapshot-*"));
            Assert.True(Directory.GetFiles(directory.Path).Sum(file => new FileInfo(file).Length) < 40_000);
        }
        await using var again = EmbeddedStore.Open(directory.Path, options);
        Assert.Equal(11, (await again.ReadAsync("", Cancelled)).Documents.Count);
        await Assert.ThrowsAsync<CompactedException>(async () => await again.WatchAsync("", first, Cancelled).GetAsyncEnumerator(Cancelled).MoveNextAsync());
        // The lease came with the snapshot, and its number is not given out again.
        var held = (await again.GetAsync("held", Cancelled))!.Lease!.Value;
        Assert.True(await again.KeepLeaseAliveAsync(held, Cancelled));
        Assert.NotEqual(held, (await again.GrantLeaseAsync(TimeSpan.FromSeconds(2), Cancelled)).Id);
    }

    [Fact]
    public async Task A_lease_has_its_whole_time_again_after_a_restart_and_then_ends()
    {
        await using (var store = Open())
        {
            var lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(10), Cancelled);
            await PutAsync(store, "held", "x", lease.Id);
            time.Advance(TimeSpan.FromSeconds(9));
        }
        time.Advance(TimeSpan.FromHours(1));
        await using var again = Open();
        time.Advance(TimeSpan.FromSeconds(9));
        // The grant goes through the loop, which ends what is due first: so the document was still to be had on purpose.
        await again.GrantLeaseAsync(TimeSpan.FromSeconds(60), Cancelled);
        Assert.NotNull(await again.GetAsync("held", Cancelled));
        time.Advance(TimeSpan.FromSeconds(1));
        await Waiting.UntilAsync(async () => await again.GetAsync("held", Cancelled) is null, "the lease to end");
    }

    [Fact]
    public async Task A_slow_watch_falls_off_the_end_of_the_history_and_is_told_so()
    {
        await using var store = EmbeddedStore.Open(directory.Path, Options() with { HistoryBytes = 100_000 });
        await using var watch = store.WatchAsync("", 0, Cancelled).GetAsyncEnumerator(Cancelled);
        await PutAsync(store, "a", "x");
        await Waiting.NextAsync(watch);
        for (var i = 0; i < 30; i++)
            await PutAsync(store, "a", new string('x', 10_000));
        await Assert.ThrowsAsync<CompactedException>(async () => await watch.MoveNextAsync());
    }

    [Fact]
    public async Task Many_writers_share_the_syncs_and_each_gets_its_own_revision()
    {
        await using var store = Open();
        var revisions = await Task.WhenAll(Enumerable.Range(0, 2000).Select(i => PutAsync(store, $"k/{i}", "x")));
        Assert.Equal(2000, revisions.Distinct().Count());
        Assert.Equal(2000, (await store.ReadAsync("k/", Cancelled)).Documents.Count);
    }

    [Fact]
    public async Task A_cut_tail_is_reported()
    {
        await using (var store = Open())
            await PutAsync(store, "a", "1");
        var segment = Directory.GetFiles(directory.Path, "segment-*").Single();
        await File.AppendAllTextAsync(segment, "half a record", Cancelled);
        await using var again = Open();
        Assert.NotNull(await again.GetAsync("a", Cancelled));
        Assert.Contains(segment, Assert.Single(reports), StringComparison.Ordinal);
    }

    private EmbeddedStoreOptions Options() => new() { Time = time, Report = reports.Add };

    private EmbeddedStore Open() => EmbeddedStore.Open(directory.Path, Options());

    private static async Task<long> PutAsync(IStore store, string key, string value, LeaseId? lease = null)
    {
        var result = await store.CommitAsync(new Transaction().Put(key, Encoding.UTF8.GetBytes(value), lease), Cancelled);
        return Assert.IsType<CommitResult.Committed>(result).Revision;
    }
}
