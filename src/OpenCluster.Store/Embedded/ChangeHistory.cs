namespace OpenCluster.Store.Embedded;

/// <summary>
/// The last revisions, for watches. Watchers keep only a position in it, so a slow one costs nothing: it falls off the end and
/// is told so. Bounded by revisions and by bytes.
/// </summary>
internal sealed class ChangeHistory(int maxRevisions, long maxBytes)
{
    private readonly Lock batchesLock = new();
    private readonly Queue<(ChangeBatch Batch, long Bytes)> batches = new();
    private TaskCompletionSource more = NewSignal();
    private long bytes;
    private long compacted;
    private long newest;
    private bool closed;

    /// <summary>Forgets everything up to <paramref name="revision"/>: a snapshot has it, but not how it came about.</summary>
    public void StartAfter(long revision)
    {
        lock (batchesLock)
        {
            batches.Clear();
            (bytes, compacted, newest) = (0, revision, revision);
        }
    }

    public void Add(ChangeBatch batch)
    {
        TaskCompletionSource waiting;
        lock (batchesLock)
        {
            var size = batch.Changes.Sum(change => (2L * change.Key.Length) + (change.Document?.Value.Length ?? 0) + 200);
            batches.Enqueue((batch, size));
            bytes += size;
            newest = batch.Revision;
            while (batches.Count > maxRevisions || (bytes > maxBytes && batches.Count > 1))
            {
                var (old, oldBytes) = batches.Dequeue();
                bytes -= oldBytes;
                compacted = old.Revision;
            }
            (waiting, more) = (more, NewSignal());
        }
        waiting.SetResult();
    }

    /// <summary>No more will come: whoever waits is told.</summary>
    public void Close()
    {
        TaskCompletionSource waiting;
        lock (batchesLock)
        {
            closed = true;
            waiting = more;
        }
        waiting.TrySetResult();
    }

    /// <summary>
    /// The next batches after a revision, at most <paramref name="max"/>, and what to wait for when there are none.
    /// </summary>
    /// <exception cref="CompactedException">They are gone.</exception>
    public (IReadOnlyList<ChangeBatch> Batches, Task More) After(long revision, int max)
    {
        lock (batchesLock)
        {
            if (revision < compacted)
                throw new CompactedException(compacted);
            if (closed)
                throw new StoreUnavailableException("The store was closed.", outcomeUnknown: false);
            // Most watchers are at the end, so the common case must not walk the queue.
            if (newest <= revision)
                return ([], more.Task);
            return ([.. batches.Select(entry => entry.Batch).SkipWhile(batch => batch.Revision <= revision).Take(max)], more.Task);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
