using System.Runtime.CompilerServices;
using System.Threading.Channels;
using OpenCluster.Store.Journaling;

namespace OpenCluster.Store.Embedded;

/// <summary>
/// The store of a cluster with one controller: all documents in memory, every step in a journal in a directory of its own.
/// Reads never wait. Writes go through one loop, which takes all that are waiting, writes and syncs them together, and only
/// then lets anyone see them.
/// </summary>
public sealed class EmbeddedStore : IStore
{
    /// <summary>The most requests that wait for the loop; further callers wait for room.</summary>
    private const int MaxWaiting = 1024;

    /// <summary>The most batches that a watcher takes from the history at a time.</summary>
    private const int WatchPage = 256;

    private readonly IDisposable directoryLock;
    private readonly Channel<Request> requests = Channel.CreateBounded<Request>(MaxWaiting);
    private readonly StoreLoop loop;
    private readonly Task running;
    private int disposed;

    private EmbeddedStore(IDisposable directoryLock, StoreLoop loop)
    {
        this.directoryLock = directoryLock;
        this.loop = loop;
        running = Task.Run(() => loop.RunAsync(requests));
    }

    public Generation Generation => loop.Generation;

    /// <summary>Opens the store in <paramref name="directory"/>, or creates it, and takes the directory for this process.</summary>
    /// <exception cref="StoreInUseException">Another process has it.</exception>
    /// <exception cref="JournalDamagedException">What was stored is not whole; the message says where and what to do.</exception>
    /// <exception cref="JournalVersionException">A newer program wrote the files.</exception>
    /// <exception cref="InvalidDataException">A newer program wrote records that this one does not know.</exception>
    /// <exception cref="JournalWriteException">The directory cannot be written.</exception>
    public static EmbeddedStore Open(string directory, EmbeddedStoreOptions options)
    {
        DirectoryLock? held = null;
        try
        {
            var files = DiskDirectory.OpenOrCreate(directory);
            held = DirectoryLock.Take(files.Path);
            return Open(files, held, options);
        }
        catch (Exception error)
        {
            held?.Dispose();
            if (JournalWriteException.IsWriteError(error))
                throw JournalWriteException.From(error, directory, outcomeUnknown: false);
            throw;
        }
    }

    /// <summary>The same over any directory; whoever calls has taken it and hands the lock over.</summary>
    internal static EmbeddedStore Open(IDirectory directory, IDisposable directoryLock, EmbeddedStoreOptions options) =>
        new(directoryLock, StoreLoop.Recover(directory, options));

    public ValueTask<DocumentSet> ReadAsync(string prefix, CancellationToken cancellationToken)
    {
        StoreLimits.CheckPrefix(prefix);
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfClosed();
        var state = loop.State;
        return ValueTask.FromResult(new DocumentSet(state.Revision, state.Under(prefix)));
    }

    public ValueTask<Document?> GetAsync(string key, CancellationToken cancellationToken)
    {
        StoreLimits.CheckKey(key);
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfClosed();
        return ValueTask.FromResult(loop.State.Find(key));
    }

    public ValueTask<CommitResult> CommitAsync(Transaction transaction, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return AskAsync(new CommitRequest(transaction), cancellationToken);
    }

    public async IAsyncEnumerable<ChangeBatch> WatchAsync(
        string prefix, long afterRevision, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        StoreLimits.CheckPrefix(prefix);
        ArgumentOutOfRangeException.ThrowIfNegative(afterRevision);
        var position = afterRevision;
        while (true)
        {
            var (batches, more) = loop.History.After(position, WatchPage);
            foreach (var batch in batches)
            {
                var changes = batch.Changes.Where(change => change.Key.StartsWith(prefix, StringComparison.Ordinal)).ToList();
                if (changes.Count > 0)
                    yield return batch with { Changes = changes };
                position = batch.Revision;
            }
            if (batches.Count == 0)
                await more.WaitAsync(cancellationToken);
        }
    }

    public ValueTask<Lease> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken) =>
        AskAsync(new GrantRequest(StoreLimits.RoundTimeToLive(timeToLive)), cancellationToken);

    public ValueTask<bool> KeepLeaseAliveAsync(LeaseId lease, CancellationToken cancellationToken) =>
        AskAsync(new KeepAliveRequest(lease), cancellationToken);

    public ValueTask<bool> RevokeLeaseAsync(LeaseId lease, CancellationToken cancellationToken) =>
        AskAsync(new RevokeRequest(lease), cancellationToken);

    /// <summary>Answers what is waiting, closes the journal and lets the directory go.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
            return;
        requests.Writer.TryComplete();
        try
        {
            await running;
        }
        finally
        {
            directoryLock.Dispose();
        }
    }

    private async ValueTask<TAnswer> AskAsync<TAnswer>(Request<TAnswer> request, CancellationToken cancellationToken)
    {
        try
        {
            await requests.Writer.WriteAsync(request, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw running.Exception is { } broken
                ? new StoreUnavailableException($"The store stopped: {broken.InnerException?.Message}", outcomeUnknown: false, broken)
                : new StoreUnavailableException("The store was closed.", outcomeUnknown: false);
        }
        return await request.Answer.WaitAsync(cancellationToken);
    }

    private void ThrowIfClosed()
    {
        if (Volatile.Read(ref disposed) != 0)
            throw new StoreUnavailableException("The store was closed.", outcomeUnknown: false);
    }
}
