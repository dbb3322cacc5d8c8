using System.Text;
using OpenCluster.Store.Embedded;
using OpenCluster.Store.Tests.Journaling;

namespace OpenCluster.Store.Tests.Embedded;

/// <summary>The machine stops, or the disk fails, at every operation below a store that is being written to.</summary>
public sealed class EmbeddedCrashTests
{
    private const int Transactions = 30;
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Acknowledged_transactions_are_there_and_no_transaction_is_half_there_wherever_the_power_goes(int seed)
    {
        var operations = await OperationsOfAsync(seed);
        for (var stop = 0; stop < operations; stop++)
        {
            var disk = new SimulatedDisk(new Random((seed * 1000) + stop)) { StopAt = stop };
            var acknowledged = await LiveAsync(disk, seed);
            disk.LosePower();
            await CheckAsync(disk, acknowledged);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task The_store_goes_on_after_the_disk_failed_and_keeps_what_it_acknowledged(int failures)
    {
        var operations = await OperationsOfAsync(seed: 3);
        for (var first = 4; first < operations; first++)
        {
            var disk = new SimulatedDisk(new Random(first)) { Fails = number => number >= first && number < first + failures };
            var acknowledged = await LiveAsync(disk, seed: 3);
            disk.LosePower();
            await CheckAsync(disk, acknowledged);
        }
    }

    [Fact]
    public async Task A_full_disk_is_said_reads_go_on_and_writes_do_when_there_is_room()
    {
        var disk = new SimulatedDisk(new Random(1));
        await using var store = Open(disk);
        await PutAsync(store, "a", "before");
        disk.CapacityBytes = 0;
        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await PutAsync(store, "a", "meanwhile"));
        Assert.Contains("full", refused.Message, StringComparison.Ordinal);
        Assert.False(refused.OutcomeUnknown);
        Assert.Equal("before", Encoding.UTF8.GetString((await store.GetAsync("a", Cancelled))!.Value.Span));
        disk.CapacityBytes = long.MaxValue;
        await PutAsync(store, "a", "after");
        Assert.Equal("after", Encoding.UTF8.GetString((await store.GetAsync("a", Cancelled))!.Value.Span));
    }

    /// <summary>Transactions that each put their number under two keys; returns, by key, the last number acknowledged.</summary>
    private static async Task<Dictionary<string, int>> LiveAsync(SimulatedDisk disk, int seed)
    {
        var random = new Random(seed);
        var acknowledged = new Dictionary<string, int>();
        EmbeddedStore? store = null;
        try
        {
            store = Open(disk);
            for (var number = 1; number <= Transactions; number++)
            {
                var key = $"{random.Next(5)}";
                var value = Encoding.UTF8.GetBytes($"{number}{new string(' ', random.Next(40))}");
                try
                {
                    await store.CommitAsync(new Transaction().Put($"a/{key}", value).Put($"b/{key}", value), Cancelled);
                    acknowledged[key] = number;
                }
                catch (StoreUnavailableException)
                {
                    // Refused: it must not count, and need not be gone.
                }
            }
        }
        catch (MachineStopped)
        {
            // The store's loop met its end; what counts is what the disk has.
        }
        catch (OpenCluster.Store.Journaling.JournalWriteException)
        {
            // It could not even be opened.
        }
        await EndAsync(store);
        return acknowledged;
    }

    /// <summary>Waits until the loop has let go of the disk, however it ended.</summary>
    private static async Task EndAsync(EmbeddedStore? store)
    {
        try
        {
            if (store is not null)
                await store.DisposeAsync();
        }
        catch (MachineStopped)
        {
            // It ended when the machine did.
        }
    }

    private static async Task CheckAsync(SimulatedDisk disk, Dictionary<string, int> acknowledged)
    {
        await using var store = Open(disk);
        var all = (await store.ReadAsync("", Cancelled)).Documents.ToDictionary(document => document.Key);
        foreach (var (key, document) in all.Where(entry => entry.Key.StartsWith("a/", StringComparison.Ordinal)))
        {
            var other = all["b" + key[1..]];
            Assert.Equal(document.ModRevision, other.ModRevision);
            Assert.True(document.Value.Span.SequenceEqual(other.Value.Span));
        }
        foreach (var (key, number) in acknowledged)
            Assert.True(int.Parse(Encoding.UTF8.GetString(all[$"a/{key}"].Value.Span)) >= number);
        await PutAsync(store, "one more", "x");
    }

    private static async Task<int> OperationsOfAsync(int seed)
    {
        var disk = new SimulatedDisk(new Random(0));
        Assert.NotEmpty(await LiveAsync(disk, seed));
        return disk.Operations;
    }

    private static EmbeddedStore Open(SimulatedDisk disk) =>
        EmbeddedStore.Open(disk, new MemoryStream(), new EmbeddedStoreOptions { Time = new FakeTime(), SnapshotBytes = 600 });

    private static async Task PutAsync(IStore store, string key, string value) =>
        await store.CommitAsync(new Transaction().Put(key, Encoding.UTF8.GetBytes(value)), Cancelled);
}
