using System.Text;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Tests.Support;
using OpenCluster.Store;
using OpenCluster.Store.Embedded;

namespace OpenCluster.Controller.Tests.Conducting;

public sealed class LedgerTests : IAsyncDisposable
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    private readonly TemporaryDirectory _directory = new();
    private readonly FailingStore _store;

    public LedgerTests() => _store = new FailingStore(EmbeddedStore.Open(_directory.In("store"), new EmbeddedStoreOptions()));

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Who_started_earlier_cannot_write_any_more()
    {
        var first = await Ledger.TakeAsync(_store, [], Ct);
        var second = await Ledger.TakeAsync(_store, [], Ct);

        await Assert.ThrowsAsync<DeposedException>(() => first.CommitAsync(Documents(1, "mine")));
        await second.CommitAsync(Documents(1, "mine"));

        Assert.Equal((1, 2), (first.Epoch, second.Epoch));
        Assert.Single(await second.ReadAsync(Ct));
    }

    [Fact]
    public async Task More_than_a_transaction_takes_is_committed_whole()
    {
        var ledger = await Ledger.TakeAsync(_store, [], Ct);
        await ledger.CommitAsync(Documents(200, "old"));

        await ledger.CommitAsync([.. Documents(500, "new"), KeyValuePair.Create("kept/000", default(ReadOnlyMemory<byte>?))]);

        Assert.Equal(500, (await ledger.ReadAsync(Ct)).Count(d => Encoding.UTF8.GetString(d.Value.Span) == "new"));
        Assert.Null(await _store.GetAsync(LargeCommit.Key, Ct));
    }

    /// <summary>A death between any two of its transactions: before the first nothing has happened, after it everything has.</summary>
    [Theory]
    [InlineData(0, "old")]
    [InlineData(1, "new")]
    [InlineData(2, "new")]
    [InlineData(4, "new")]
    [InlineData(5, "new")]
    public async Task A_large_commit_that_was_cut_off_is_there_whole_or_not_at_all(int transactions, string expected)
    {
        var ledger = await Ledger.TakeAsync(_store, [], Ct);
        await ledger.CommitAsync(Documents(500, "old"));

        _store.FailAfter = transactions;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => ledger.CommitAsync(Documents(500, "new")));
        _store.FailAfter = int.MaxValue;

        var next = await Ledger.TakeAsync(_store, [], Ct);
        var read = await next.ReadAsync(Ct);
        Assert.Equal(500, read.Count);
        Assert.All(read, d => Assert.Equal(expected, Encoding.UTF8.GetString(d.Value.Span)));
    }

    private static List<KeyValuePair<string, ReadOnlyMemory<byte>?>> Documents(int count, string text) =>
        [.. Enumerable.Range(1, count).Select(i => KeyValuePair.Create($"d/{i:d3}", (ReadOnlyMemory<byte>?)Encoding.UTF8.GetBytes(text)))];
}
