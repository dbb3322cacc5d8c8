using System.Globalization;
using System.Text;
using OpenCluster.Store;

namespace OpenCluster.Controller.Conducting;

/// <summary>Another controller has taken over this store; this one must not write any more and stops.</summary>
internal sealed class DeposedException()
    : Exception("Another controller has taken over this store. This one has stopped without writing; make sure that only one is started.");

/// <summary>
/// The store as the only controller that may write sees it. Every transaction holds on to the epoch document in the version this
/// process put: when another controller starts on the same store it puts the next, and ours is refused from then on.
/// </summary>
internal sealed class Ledger
{
    /// <summary>Keys of one transaction besides the epoch's, whose condition is a key as well.</summary>
    public const int MostKeys = StoreLimits.MaxTransactionKeys - 1;

    /// <summary>Bytes of one transaction's keys and values besides the epoch's.</summary>
    public const int MostBytes = StoreLimits.MaxTransactionBytes - 1024;

    private readonly IStore _store;
    private readonly long _epochRevision;

    private Ledger(IStore store, long epoch, long revision) => (_store, Epoch, _epochRevision, Revision) = (store, epoch, revision, revision);

    /// <summary>Number of this controller among all that ever started on this store.</summary>
    public long Epoch { get; }

    /// <summary>Of the last commit.</summary>
    public long Revision { get; private set; }

    public string Generation => _store.Generation.ToString();

    /// <summary>Takes the next epoch.</summary>
    /// <param name="first">
    /// Documents to put with it. More than fit into one transaction (tokens of a large cluster) follow in others: a start that dies
    /// between them is made good by the next one, which puts what is missing.
    /// </param>
    public static async Task<Ledger> TakeAsync(IStore store, IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>?>> first, CancellationToken ct)
    {
        var portions = first.Chunk(MostKeys).ToList();
        var before = await store.GetAsync(OwnKeys.Epoch, ct);
        var epoch = 1 + (before is null ? 0 : long.Parse(Encoding.ASCII.GetString(before.Value.Span), CultureInfo.InvariantCulture));
        var transaction = new Transaction()
            .IfRevision(OwnKeys.Epoch, before?.ModRevision ?? 0)
            .Put(OwnKeys.Epoch, Encoding.ASCII.GetBytes(epoch.ToString(CultureInfo.InvariantCulture)));
        if (portions.Count > 0) Put(transaction, portions[0]);
        if (await store.CommitAsync(transaction, ct) is not CommitResult.Committed { Revision: var revision }) throw new DeposedException();
        var ledger = new Ledger(store, epoch, revision);
        foreach (var portion in portions.Skip(1)) await ledger.CommitAsync(portion);
        return ledger;
    }

    /// <summary>Commits all or nothing, durably, and only while this controller is the newest.</summary>
    /// <exception cref="DeposedException">It is not.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot write.</exception>
    public async Task CommitAsync(IReadOnlyCollection<KeyValuePair<string, ReadOnlyMemory<byte>?>> writes)
    {
        if (Fits(writes))
        {
            await CommitOnceAsync(writes);
            return;
        }

        await CommitOnceAsync([KeyValuePair.Create(LargeCommit.Key, (ReadOnlyMemory<byte>?)LargeCommit.Pack(writes))]);
        await CarryOutAsync(writes);
    }

    private static bool Fits(IReadOnlyCollection<KeyValuePair<string, ReadOnlyMemory<byte>?>> writes) =>
        writes.Count <= MostKeys && writes.Sum(w => (long)w.Key.Length + (w.Value?.Length ?? 0)) <= MostBytes;

    private async Task CarryOutAsync(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>?>> writes)
    {
        var some = new List<KeyValuePair<string, ReadOnlyMemory<byte>?>>();
        foreach (var write in writes)
        {
            some.Add(write);
            if (Fits(some)) continue;
            some.RemoveAt(some.Count - 1);
            await CommitOnceAsync(some);
            some = [write];
        }

        await CommitOnceAsync(some);
        await CommitOnceAsync([KeyValuePair.Create(LargeCommit.Key, default(ReadOnlyMemory<byte>?))]);
    }

    private async Task CommitOnceAsync(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>?>> writes)
    {
        var transaction = new Transaction().IfRevision(OwnKeys.Epoch, _epochRevision);
        Put(transaction, writes);
        // Not to be cancelled: what is on its way to the disk is waited for.
        Revision = await _store.CommitAsync(transaction, CancellationToken.None) is CommitResult.Committed { Revision: var revision }
            ? revision
            : throw new DeposedException();
    }

    /// <summary>Everything the conductor's documents say, as they are now.</summary>
    public async Task<IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>>> ReadAsync(CancellationToken ct)
    {
        if (await _store.GetAsync(LargeCommit.Key, ct) is { } unfinished)
            await CarryOutAsync(LargeCommit.Unpack(unfinished.Value).Writes.Select(w => KeyValuePair.Create(w.Key, w.Value is { } bytes ? (ReadOnlyMemory<byte>?)bytes : null)));
        var all = await _store.ReadAsync("", ct);
        return [.. all.Documents.Where(d => !OwnKeys.IsOwn(d.Key)).Select(d => KeyValuePair.Create(d.Key, d.Value))];
    }

    private static void Put(Transaction transaction, IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>?>> writes)
    {
        foreach (var (key, json) in writes)
        {
            if (json is { } value) transaction.Put(key, value);
            else transaction.Delete(key);
        }
    }
}
