using OpenCluster.Store.Embedded;

namespace OpenCluster.Store.Tests.Embedded;

/// <summary>The conformance suite over the embedded store, on a real directory, under virtual time.</summary>
public sealed class EmbeddedConformanceTests : StoreConformance, IDisposable
{
    private readonly FakeTime time = new();
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    protected override Task<IStore> OpenAsync() =>
        Task.FromResult<IStore>(EmbeddedStore.Open(directory.Path, new EmbeddedStoreOptions { Time = time, HistoryRevisions = 700 }));

    protected override Task PassAsync(TimeSpan duration)
    {
        time.Advance(duration);
        return Task.CompletedTask;
    }

    protected override async Task CompactAsync(IStore store)
    {
        for (var i = 0; i < 700; i++)
            await PutAsync(store, "filler", $"{i}");
    }
}
