namespace OpenCluster.Store.Embedded;

/// <summary>
/// The last revisions, for watches. Watchers keep only a position in it, so a slow one costs nothing: it falls off the end and
/// is told so. Bounded by revisions and by bytes.
/// </summary>
internal sealed class ChangeHistory(int maxRevisions, long maxBytes)
{
    private readonly Lock batchesLock = new();
    private readonly List<(ChangeBatch Batch, long Bytes)> batches = [];
    private int oldest;
    private TaskCompletionSource more = NewSignal();
    private long bytes;
    private long compacted;
    private bool closed;

    /// <summary>Forgets everything up to <paramref name="revision"/>: a snapshot has it, but not how it came about.</summary>
    public void StartAfter(long revision)
    {
        lock (batchesLock)
        {
            batches.Clear();
            (bytes, compacted, oldest) = (0, revision, 0);
        }
    }

    public void Add(ChangeBatch batch)
    {
        TaskCompletionSource waiting;
        lock (batchesLock)
        {
            var size = batch.Changes.Sum(change => (2L * change.Key.Length) + (change.Document?.Value.Length ?? 0) + 200);
            batches.Add((batch, size));
            bytes += size;
            while (batches.Count - oldest > maxRevisions || (bytes > maxBytes && batches.Count - oldest > 1))
            {
                bytes -= batches[oldest].Bytes;
                compacted = batches[oldest].Batch.Revision;
                batches[oldest++] = default;
            }
            // The forgotten ones leave the list in bulk, so that each costs its share of one move and no more.
            if (oldest > batches.Count / 2)
            {
                batches.RemoveRange(0, oldest);
                oldest = 0;
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
            var first = FirstAfter(revision);
            return ([.. batches.GetRange(first, Math.Min(max, batches.Count - first)).Select(entry => entry.Batch)], more.Task);
        }
    }

    private int FirstAfter(long revision)
    {
        var (low, high) = (oldest, batches.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (batches[middle].Batch.Revision <= revision)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
